//! `quarterhour completions SHELL`: what the shell needs to complete subcommands and options.

use clap_complete::Shell;

/// Print a shell's completions, such as `quarterhour completions bash`
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Shell that completes
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for `command`.
    ///
    /// # Errors
    /// A standard output that takes nothing.
    pub fn run(&self, mut command: clap::Command) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "quarterhour", &mut script);
        Ok(cli::print(&String::from_utf8(script)?)?)
    }
}
