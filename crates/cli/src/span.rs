//! The span of time that a command looks at.

use std::fmt::Display;

use anyhow::anyhow;

use crate::{WithHint, usage};

/// `--from` and `--until`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SpanArgs {
    /// Open time of the first bar (UTC) [default: the first candle]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Open time of the first bar that is left out (UTC) [default: after the last candle]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl SpanArgs {
    /// Both ends in UTC ms as `parse` reads them; None where they are left out.
    ///
    /// # Errors
    /// A usage error that names the flag, for what is no time.
    pub fn ms<E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<i64, E>,
    ) -> anyhow::Result<(Option<i64>, Option<i64>)> {
        let read = |flag: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => parse(text).map(Some).map_err(|error| {
                usage(anyhow!("{flag}: {error}").hint(format!("{flag} 2024-05-01 for instance")))
            }),
        };
        Ok((read("--from", &self.from)?, read("--until", &self.until)?))
    }
}
