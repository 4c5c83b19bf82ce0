//! Why the program stops, and with which exit code.

use std::process::ExitCode;

use miette::Diagnostic;

use crate::run_dir::RunDirError;

/// The program's exit codes; `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Done = 0,
    /// A gate of the experiment file failed.
    Gate = 1,
    /// The command line or the experiment file.
    Usage = 2,
    /// The data.
    Data = 3,
    /// The device.
    Device = 4,
    /// A run, a checkpoint or a rerun does not match what it should.
    Integrity = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
