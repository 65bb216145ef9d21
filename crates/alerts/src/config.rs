//! The `[alerts]` section.

use dataset::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::{Error, SecretUrl, Template};

/// The environment's variable that goes before the key `url`.
const URL_VARIABLE: &str = "QUARTERHOUR_ALERTS_URL";

/// The `[alerts]` section: where `quarterhour watch` posts what a person should know. Without an address
/// nothing is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsConfig {
    /// Address of the webhook, which is a secret: it stands in no log, and a run's own config does not
    /// keep it. The environment's variable `QUARTERHOUR_ALERTS_URL` goes before it. Of a Telegram bot it
    /// is `https://api.telegram.org/botTOKEN/sendMessage`, of ntfy `https://ntfy.sh/TOPIC`.
    #[serde(skip_serializing)]
    pub url: Option<SecretUrl>,
    /// Form of the messages: `slack`, `discord`, `telegram`, `ntfy` or `json`. Without it the host of
    /// `url` decides: those of the first three and ntfy.sh are known, any other gets `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// The chat that a Telegram bot writes to, such as `"-1001234567890"` or `"@channel"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// How long the same alert is left out after it was sent; it is real time. One that could not be
    /// delivered comes again after five minutes.
    pub repeat_after: TimeSpan,
    /// Most alerts of one kind within an hour; what is more is counted and left out. A kind that comes
    /// often keeps no other one out.
    pub most_an_hour: usize,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            url: None,
            template: None,
            chat: None,
            repeat_after: TimeSpan::hours(1),
            most_an_hour: 12,
        }
    }
}

impl AlertsConfig {
    /// The section with the address of the environment, where that names one.
    pub fn with_environment(mut self) -> Self {
        let found = std::env::var(URL_VARIABLE).ok();
        if let Some(url) = found.filter(|url| !url.trim().is_empty()) {
            self.url = Some(SecretUrl::new(url));
        }
        self
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Config`] with the key and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        if !(TimeSpan::minutes(1)..=TimeSpan::hours(24 * 365)).contains(&self.repeat_after) {
            return Err(Error::Config {
                key: "repeat_after",
                found: self.repeat_after.to_string(),
                expected: "1m to 365d",
            });
        }
        if !(1..=3600).contains(&self.most_an_hour) {
            return Err(Error::Config {
                key: "most_an_hour",
                found: self.most_an_hour.to_string(),
                expected: "a number from 1 to 3600",
            });
        }
        self.endpoint().map(|_| ())
    }

    /// Where alerts go, and in which form; None where there is no address.
    pub(crate) fn endpoint(&self) -> Result<Option<Endpoint>, Error> {
        let url = self.url.as_ref();
        url.map(|url| Endpoint::new(url, self.template, self.chat.as_deref()))
            .transpose()
    }
}
