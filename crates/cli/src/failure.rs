//! Why the program stops, how it says so, and with which exit code.

use std::error::Error;
use std::process::ExitCode;

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::json;
use tenure_artifact::bundle::BundleError;
use tenure_compress::CompressError;
use tenure_config::ConfigErrors;
use tenure_data::DataError;
use tenure_encode::EncodeError;
use tenure_evaluate::EvaluateError;
use tenure_export::ExportError;
use tenure_model::DeviceError;
use tenure_report::ReportError;
use tenure_segments::SegmentError;
use tenure_signing::SigningError;
use tenure_train::TrainError;

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

/// Why the program stops.
#[derive(Debug)]
pub enum Failure {
    /// The experiment file: possibly many errors, each with its place.
    Config(ConfigErrors),
    /// Anything else: one error.
    Other(Box<Trouble>),
}

/// One error, in the parts that a person and a program want apart.
#[derive(Debug)]
pub struct Trouble {
    /// How the program ends.
    pub exit: Exit,
    /// What `tenure explain` takes; none for errors that need no page.
    pub code: Option<&'static str>,
    /// What happened.
    pub message: String,
    /// Why, from near to far.
    pub causes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::plain(Exit::Usage, message, hint)
    }

    /// Data that cannot be used for what was asked.
    pub fn data(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::plain(Exit::Data, message, hint)
    }

    /// Something that does not match what it should.
    pub fn integrity(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::plain(Exit::Integrity, message, hint)
    }

    fn plain(exit: Exit, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let (message, hint) = (message.into(), Some(hint.into()));
        Self::Other(Box::new(Trouble { exit, code: None, message, causes: Vec::new(), hint }))
    }

    fn coded(exit: Exit, code: Option<&'static str>, error: &dyn Error, hint: Option<String>) -> Self {
        let message = error.to_string();
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        // A cause that the message already quotes says nothing new.
        causes.retain(|cause| !message.contains(cause.as_str()));
        Self::Other(Box::new(Trouble { exit, code, message, causes, hint }))
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Usage,
            Self::Other(trouble) => trouble.exit,
        }
    }

    /// The whole message for a terminal.
    pub fn render(&self, colours: bool) -> String {
        match self {
            Self::Config(errors) if colours => graphical(errors),
            Self::Config(errors) => errors.render(),
            Self::Other(trouble) => trouble.render(),
        }
    }

    /// The whole message for a program.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Config(errors) => json!({ "exit": self.exit() as u8, "errors": errors }),
            Self::Other(trouble) => json!({
                "exit": trouble.exit as u8,
                "errors": [{
                    "code": trouble.code,
                    "message": trouble.message,
                    "causes": trouble.causes,
                    "hint": trouble.hint,
                }],
            }),
        }
    }
}

fn graphical(errors: &ConfigErrors) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, errors) {
        Ok(()) => text,
        Err(_) => errors.render(),
    }
}

impl Trouble {
    fn render(&self) -> String {
        let code = self.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let mut text = format!("error{code}: {}\n", self.message);
        for cause in &self.causes {
            text.push_str(&format!("  cause: {cause}\n"));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("  hint: {hint}\n"));
        }
        if let Some(code) = self.code {
            text.push_str(&format!("  for more: tenure explain {code}\n"));
        }
        text
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::coded(Exit::Data, Some(error.code()), &error, error.hint())
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Self::coded(Exit::Data, Some(error.code()), &error, Some(error.hint().into()))
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        Self::coded(Exit::Data, Some(error.code()), &error, None)
    }
}

impl From<SegmentError> for Failure {
    fn from(error: SegmentError) -> Self {
        let exit = if matches!(error, SegmentError::Device { .. }) { Exit::Device } else { Exit::Data };
        Self::coded(exit, Some(error.code()), &error, Some(error.hint()))
    }
}

impl From<CompressError> for Failure {
    fn from(error: CompressError) -> Self {
        let exit = if matches!(error, CompressError::Evaluate(_)) { Exit::Data } else { Exit::Integrity };
        Self::coded(exit, Some(error.code()), &error, None)
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        let hint = "give a file that `tenure compress` wrote; copy it again if it was sent";
        Self::coded(Exit::Integrity, None, &error, Some(hint.into()))
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Bundle(error) => error.into(),
            other => Self::coded(Exit::Usage, None, &other, Some(other.hint().into())),
        }
    }
}

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Bundle(error) => error.into(),
            other => Self::coded(Exit::Usage, None, &other, None),
        }
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::coded(Exit::Device, Some(error.code()), &error, None)
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let exit = match &error {
            TrainError::Device(_) => Exit::Device,
            TrainError::CheckpointDamaged { .. } | TrainError::CheckpointForeign { .. } => Exit::Integrity,
            _ => Exit::Data,
        };
        Self::coded(exit, Some(error.code()), &error, error.hint())
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::coded(Exit::Integrity, None, &error, None)
    }
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        let hint = match &error {
            RunDirError::Io { .. } => "check the folder's permissions and the disk's free space",
            RunDirError::Malformed { .. } => "the file was changed after the run; `tenure rerun` makes it again",
            RunDirError::NotARun { .. } => "give the folder that `tenure run` printed, under `runs/`",
            RunDirError::Complete { .. } => "`tenure report` writes its report again, `tenure rerun` proves it",
            RunDirError::Incomplete { .. } => "`tenure run --resume RUN` finishes it",
        };
        Self::coded(Exit::Integrity, None, &error, Some(hint.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_and_what_to_do() {
        let failure = Failure::usage("nothing to run", "give an experiment file");
        assert_eq!(failure.render(false), "error: nothing to run\n  hint: give an experiment file\n");
        assert_eq!(failure.to_json()["errors"][0]["hint"], "give an experiment file");
    }
}
