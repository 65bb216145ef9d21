//! Where alerts are posted, and in which form.

use reqwest::Url;
use serde_json::Value;

use crate::template::Message;
use crate::{Error, SecretUrl, Template};

/// An address that was checked, with the form that it takes. It has no debug output.
pub(crate) struct Endpoint {
    pub url: Url,
    template: Template,
    /// The chat of Telegram or the topic of ntfy.
    to: String,
}

impl Endpoint {
    pub fn new(
        url: &SecretUrl,
        template: Option<Template>,
        chat: Option<&str>,
    ) -> Result<Self, Error> {
        let refused = |found: &str, expected| Error::Config {
            key: "url",
            found: format!("an address (hidden here) {found}"),
            expected,
        };
        let mut url = url.parsed().ok_or_else(|| {
            refused(
                "that is none of the web",
                "https://... as the service gave it",
            )
        })?;
        let template =
            template.unwrap_or_else(|| Template::of_host(url.host_str().unwrap_or_default()));
        let to = match template {
            Template::Telegram => {
                if !url.path().ends_with("/sendMessage") {
                    let path = format!("{}/sendMessage", url.path().trim_end_matches('/'));
                    url.set_path(&path);
                }
                let chat = chat.ok_or(Error::Config {
                    key: "chat",
                    found: "missing".to_owned(),
                    expected: "the chat that the Telegram bot writes to",
                })?;
                chat.to_owned()
            }
            Template::Ntfy => {
                // JSON is posted to the server, with the topic inside.
                let path = url.path().trim_end_matches('/').to_owned();
                let (before, topic) = path.rsplit_once('/').unwrap_or_default();
                if topic.is_empty() {
                    return Err(refused("without a topic", "https://ntfy.sh/TOPIC"));
                }
                url.set_path(&format!("{before}/"));
                topic.to_owned()
            }
            Template::Slack | Template::Discord | Template::Json => String::new(),
        };
        Ok(Self { url, template, to })
    }

    pub fn body(&self, message: &Message) -> Value {
        self.template.body(message, &self.to)
    }

    /// Whether the server runs on this machine, so that no proxy is asked.
    pub fn is_local(&self) -> bool {
        matches!(
            self.url.host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        )
    }
}
