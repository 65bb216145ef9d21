//! The page that `watch --serve` asks for.

use std::ffi::OsString;

use registry::RunArgument;

use crate::WatchArgs;
use crate::watch::PageArgs;

/// The page that a watch asks for beside it.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The run that is watched with.
    pub run: RunArgument,
    /// Address, token and names.
    pub page: PageArgs,
    /// Arguments of the watch.
    pub watch: WatchArgs,
    /// Its overrides.
    pub set: Vec<String>,
    /// Another address of the exchange's REST interface.
    pub base_url: Option<String>,
    /// What networks forecast on.
    pub device: model::DeviceChoice,
}

impl PageRequest {
    /// The arguments of `quarterhour serve`, the program's name first.
    pub fn arguments(&self) -> Vec<OsString> {
        let run = match &self.run.model {
            Some(model) => model.reference.to_string().into(),
            None => self.run.folder.clone().into_os_string(),
        };
        let mut arguments = vec!["serve".into(), "--run".into(), run];
        arguments.extend(self.watch.given_on(&self.watch.ledger_path(&self.run)));
        let mut add = |name: &str, value: String| arguments.push(format!("{name}={value}").into());
        add("--listen", self.page.listen.to_string());
        add("--device", self.device.to_string());
        self.page
            .hosts
            .iter()
            .for_each(|host| add("--host", host.clone()));
        (self.page.trusted_proxies.iter()).for_each(|proxy| add("--trusted-proxy", proxy.clone()));
        self.set.iter().for_each(|text| add("--set", text.clone()));
        if let Some(url) = &self.base_url {
            add("--base-url", url.clone());
        }
        if let Some(path) = &self.page.token_file {
            arguments.extend(["--token-file".into(), path.clone().into_os_string()]);
        }
        arguments
    }
}
