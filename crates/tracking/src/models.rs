//! MLflow's model registry: registered models, their versions, tags and aliases.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::wire::{EmptyReply, Pair};
use crate::{Cause, TrackingSettings};

/// The tag that says which version of ours a version of MLflow's is; MLflow numbers its own 1, 2, 3.
const VERSION_TAG: &str = "version";

/// MLflow's model registry on one server. Every call waits for its answer.
pub struct ModelRegistryClient {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

#[derive(Debug, Serialize)]
struct ModelBody<'a> {
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct VersionBody<'a> {
    name: &'a str,
    source: &'a str,
    description: &'a str,
    tags: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct TagBody<'a> {
    name: &'a str,
    version: &'a str,
    key: &'a str,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct AliasBody<'a> {
    name: &'a str,
    alias: &'a str,
    version: &'a str,
}

#[derive(Debug, Deserialize)]
struct CreatedVersion {
    model_version: VersionReply,
}

#[derive(Debug, Deserialize)]
struct VersionReply {
    version: String,
    #[serde(default)]
    tags: Vec<TagReply>,
}

#[derive(Debug, Deserialize)]
struct TagReply {
    key: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
struct FoundVersions {
    #[serde(default)]
    model_versions: Vec<VersionReply>,
    #[serde(default)]
    next_page_token: String,
}

impl ModelRegistryClient {
    /// The server that `MLFLOW_TRACKING_URI` names, with the credentials of MLflow's own client; None where
    /// it names none.
    ///
    /// # Errors
    /// An address that is no server's.
    pub fn from_env() -> Result<Option<Self>, Cause> {
        let variable =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        TrackingSettings::from_variables(variable, "", "")
            .map(|settings| Self::new(&settings))
            .transpose()
    }

    /// The server of these settings.
    ///
    /// # Errors
    /// As [`ModelRegistryClient::from_env`].
    pub fn new(settings: &TrackingSettings) -> Result<Self, Cause> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok(Self {
            client: Client::new(settings, Arc::new(OnceLock::new()))?,
            runtime: runtime.map_err(|error| Cause::Setup {
                reason: error.to_string(),
            })?,
        })
    }

    /// The server's address without credentials.
    pub fn server(&self) -> &str {
        self.client.address().shown()
    }

    /// Makes a registered model, unless it is there.
    ///
    /// # Errors
    /// A server that does not answer or refuses.
    pub fn create_model(&self, name: &str) -> Result<(), Cause> {
        self.runtime.block_on(async {
            let request = "registered-models/create";
            let answer = self.client.ask(request, &ModelBody { name }).await?;
            if answer.is_refusal("RESOURCE_ALREADY_EXISTS") {
                return Ok(());
            }
            let expected = "a registered model";
            self.client
                .parsed(answer, request, expected)
                .map(|_: EmptyReply| ())
        })
    }

    /// MLflow's numbers of a model's versions, by our own versions.
    ///
    /// # Errors
    /// As [`ModelRegistryClient::create_model`].
    pub fn versions(&self, name: &str) -> Result<BTreeMap<String, String>, Cause> {
        self.runtime.block_on(async {
            let request = "model-versions/search";
            let filter = format!("name='{name}'");
            let (mut numbers, mut page) = (BTreeMap::new(), String::new());
            loop {
                let mut query = vec![("filter", filter.as_str())];
                if !page.is_empty() {
                    query.push(("page_token", page.as_str()));
                }
                let answer = self.client.get(request, &query).await?;
                let found: FoundVersions =
                    self.client.parsed(answer, request, "versions of a model")?;
                for version in found.model_versions {
                    let tag = (version.tags.iter()).find(|tag| tag.key == VERSION_TAG);
                    if let Some(tag) = tag {
                        numbers.insert(tag.value.clone(), version.version);
                    }
                }
                if found.next_page_token.is_empty() || found.next_page_token == page {
                    return Ok(numbers);
                }
                page = found.next_page_token;
            }
        })
    }

    /// Makes a version of a model and returns MLflow's number of it.
    ///
    /// # Errors
    /// As [`ModelRegistryClient::create_model`].
    pub fn create_version(
        &self,
        name: &str,
        source: &str,
        description: &str,
        tags: &[(String, String)],
    ) -> Result<String, Cause> {
        let tags = tags.iter().map(|(key, value)| Pair {
            key: key.clone(),
            value: value.clone(),
        });
        let body = VersionBody {
            name,
            source,
            description,
            tags: tags.collect(),
        };
        let expected = "a version with its number";
        let posted = self.client.post("model-versions/create", &body, expected);
        let created: CreatedVersion = self.runtime.block_on(posted)?;
        Ok(created.model_version.version)
    }

    /// Sets a tag of a version; `version` is MLflow's number.
    ///
    /// # Errors
    /// As [`ModelRegistryClient::create_model`].
    pub fn set_version_tag(
        &self,
        name: &str,
        version: &str,
        (key, value): (&str, &str),
    ) -> Result<(), Cause> {
        let body = TagBody {
            name,
            version,
            key,
            value,
        };
        let posted = self.client.post("model-versions/set-tag", &body, "{}");
        self.runtime.block_on(posted).map(|_: EmptyReply| ())
    }

    /// Moves an alias to a version; `version` is MLflow's number.
    ///
    /// # Errors
    /// As [`ModelRegistryClient::create_model`].
    pub fn set_alias(&self, name: &str, alias: &str, version: &str) -> Result<(), Cause> {
        let body = AliasBody {
            name,
            alias,
            version,
        };
        let posted = self.client.post("registered-models/alias", &body, "{}");
        self.runtime.block_on(posted).map(|_: EmptyReply| ())
    }
}
