//! `quarterhour man DIR`: one manual page for the binary and one for every subcommand.

use std::path::PathBuf;

use anyhow::Context;

/// Write the manual pages to a folder, quarterhour.1 and one for every subcommand
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Folder to write to, such as ~/.local/share/man/man1; it is made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl ManArgs {
    /// Writes the pages of `command` and its subcommands.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn run(&self, command: clap::Command) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.dir)
            .and_then(|()| clap_mangen::generate_to(command, &self.dir))
            .with_context(|| format!("cannot write manual pages to {}", self.dir.display()))?;
        cli::note(format!("the manual pages are in {}", self.dir.display()));
        Ok(())
    }
}
