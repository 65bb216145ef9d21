//! The forms of messages that services take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::alert::AlertKind;
use crate::limiter::Admission;

/// Most characters of a message: Discord takes 2,000 and Telegram 4,096.
const MOST_CHARACTERS: usize = 1900;

/// The form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// An incoming webhook of Slack, or of what takes the same, such as Mattermost.
    Slack,
    /// A webhook of Discord.
    Discord,
    /// The method `sendMessage` of a Telegram bot.
    Telegram,
    /// A topic of ntfy.
    Ntfy,
    /// One JSON object with all that is known, for a program of one's own.
    Json,
}

/// A message before it has a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Name of what is watched, such as `panel20`.
    pub source: String,
    /// What it is about.
    pub kind: AlertKind,
    /// What tells it from others of its kind, such as a coin; empty where it is about all.
    pub subject: String,
    /// The message itself.
    pub text: String,
    /// That it is sent.
    pub admission: Admission,
}

impl Template {
    /// The form that the host of an address takes.
    pub(crate) fn of_host(host: &str) -> Self {
        match host {
            "hooks.slack.com" => Self::Slack,
            "discord.com" | "discordapp.com" => Self::Discord,
            "api.telegram.org" => Self::Telegram,
            "ntfy.sh" => Self::Ntfy,
            _ => Self::Json,
        }
    }

    /// The body of a request; `to` is the chat or the topic.
    pub(crate) fn body(self, message: &Message, to: &str) -> Value {
        let text = message.line();
        match self {
            Self::Slack => json!({"text": escaped(&text)}),
            // Nobody is called by a name that happens to stand in a message.
            Self::Discord => json!({"content": text, "allowed_mentions": {"parse": []}}),
            Self::Telegram => {
                json!({"chat_id": to, "text": text, "link_preview_options": {"is_disabled": true}})
            }
            Self::Ntfy => json!({
                "topic": to, "title": message.heading(), "message": message.text_and_rest(),
                "priority": 4, "tags": ["warning"],
            }),
            Self::Json => json!({
                "source": message.source, "kind": message.kind.name(), "subject": message.subject,
                "title": message.kind.title(), "text": message.text,
                "left_out": message.admission.left_out,
            }),
        }
    }
}

impl Message {
    fn heading(&self) -> String {
        format!("{}: {}", self.source, self.kind.title())
    }

    fn text_and_rest(&self) -> String {
        let rest = match self.admission.left_out {
            0 => String::new(),
            1 => " (1 alert was left out since the last one)".to_owned(),
            many => format!(" ({many} alerts were left out since the last one)"),
        };
        let room = MOST_CHARACTERS - 200;
        let text = match self.text.char_indices().nth(room) {
            Some((end, _)) => format!("{}...", self.text.get(..end).unwrap_or_default()),
            None => self.text.clone(),
        };
        text + &rest
    }

    fn line(&self) -> String {
        format!("{}: {}", self.heading(), self.text_and_rest())
    }
}

/// What Slack asks for: three characters have a meaning there.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
