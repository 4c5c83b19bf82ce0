//! `tenure man` and `tenure completions`: what a package installs beside the program.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::Failure;
use crate::run_dir::{RunDirError, write_whole};

/// Writes `tenure.1` and one page for each verb into a folder.
pub fn write_pages(folder: &Path) -> Result<Vec<String>, Failure> {
    let io = |source| RunDirError::Io { path: folder.to_path_buf(), source };
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut command = Cli::command();
    command.build();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    let pages = std::iter::once(command.clone()).chain(verbs);
    let mut written = Vec::new();
    for page in pages {
        let name = match page.get_name() {
            "tenure" => "tenure.1".to_owned(),
            verb => format!("tenure-{verb}.1"),
        };
        let mut text = Vec::new();
        Man::new(page).render(&mut text).map_err(io)?;
        write_whole(&folder.join(&name), &text)?;
        written.push(name);
    }
    Ok(written)
}

/// The completion script for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tenure", &mut script);
    script
}
