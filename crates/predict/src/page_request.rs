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
    /// Address, token, names and what is shown beside.
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
        let named = |run: &RunArgument| match &run.model {
            Some(model) => model.reference.to_string().into(),
            None => run.folder.clone().into_os_string(),
        };
        let mut arguments = vec!["serve".into(), "--run".into(), named(&self.run)];
        if let Some(run) = &self.page.volatility {
            arguments.extend(["--volatility".into(), named(run)]);
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::Parser;

    use crate::{Args, Command};

    /// A page beside a watch once had no volatility beside its forecasts.
    #[test]
    fn a_page_gets_what_it_is_asked_for_with() {
        let given = "predict watch --run r --serve --listen 127.0.0.1:0 --device flex --ledger l --host h \
                     --trusted-proxy 10.0.0.1 --volatility daily --token-file t --set data.dir=d --base-url u";
        let args = Args::try_parse_from(given.split_whitespace()).unwrap();
        let Some(Command::Watch(watch)) = args.command else {
            unreachable!("that is what is parsed")
        };
        let found = watch.page().unwrap().arguments();
        let found: Vec<_> = found.iter().map(|text| text.to_str().unwrap()).collect();
        assert_eq!(
            found.join(" "),
            "serve --run r --volatility daily --ledger l --listen=127.0.0.1:0 --device=flex --host=h \
             --trusted-proxy=10.0.0.1 --set=data.dir=d --base-url=u --token-file t"
        );
    }
}
