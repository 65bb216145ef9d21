//! `quarterhour schema`: every key of a config file, for editors and for people.

use crate::config_file::ConfigFile;
use crate::reference::config_reference;

/// Print every key of a config file: as JSON Schema for editors, or as text
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// Print the keys for people, in Markdown: type, default and meaning
    #[arg(long)]
    markdown: bool,
}

impl SchemaArgs {
    /// Prints the schema or the page.
    ///
    /// # Errors
    /// A standard output that takes nothing.
    pub fn run(&self) -> anyhow::Result<()> {
        let schema = ConfigFile::schema();
        let text = if self.markdown {
            config_reference(schema.as_value())
        } else {
            serde_json::to_string_pretty(&schema)? + "\n"
        };
        Ok(cli::print(&text)?)
    }
}
