//! Where a run's artifacts go.

use std::path::Path;

use reqwest::Url;

use crate::Cause;
use crate::address::{ServerAddress, without_credentials};

/// The URL of a run's artifact folder, below which files are put.
#[derive(Debug, Clone)]
pub(crate) struct ArtifactRoot(Url);

impl ArtifactRoot {
    /// Of the `artifact_uri` that the server gave the run: `mlflow-artifacts:/1/abc/artifacts`, or
    /// with the host of a server for artifacts alone,
    /// `mlflow-artifacts://host:port/1/abc/artifacts`.
    pub(crate) fn of(address: &ServerAddress, artifact_uri: &str) -> Result<Self, Cause> {
        let elsewhere = || Cause::ArtifactsElsewhere {
            server: address.shown().to_owned(),
            found: without_credentials(artifact_uri),
        };
        let uri = Url::parse(artifact_uri).map_err(|_| elsewhere())?;
        if uri.scheme() != "mlflow-artifacts" {
            return Err(elsewhere());
        }
        let mut url = address.api(&format!(
            "mlflow-artifacts/artifacts/{}",
            uri.path().trim_matches('/')
        ));
        if let Some(host) = uri.host_str().filter(|host| !host.is_empty()) {
            url.set_host(Some(host)).map_err(|_| elsewhere())?;
            url.set_port(uri.port()).map_err(|()| elsewhere())?;
        }
        Ok(Self(url))
    }

    /// Where `file` goes in `folder`; `None` where it has no name.
    pub(crate) fn url_of(&self, file: &Path, folder: &str) -> Option<Url> {
        let name = file.file_name()?.to_string_lossy();
        let mut url = self.0.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            // Segments of one or two dots are left out by `extend`.
            .extend(folder.split('/').filter(|part| !part.is_empty()))
            .push(&name);
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::ArtifactRoot;
    use crate::address::ServerAddress;

    fn root(server: &str, artifact_uri: &str) -> Result<ArtifactRoot, String> {
        ArtifactRoot::of(&ServerAddress::parse(server).unwrap(), artifact_uri)
            .map_err(|cause| cause.to_string())
    }

    fn url(server: &str, artifact_uri: &str, file: &str, folder: &str) -> String {
        root(server, artifact_uri)
            .unwrap()
            .url_of(Path::new(file), folder)
            .unwrap()
            .to_string()
    }

    #[test]
    fn files_go_below_the_runs_folder() {
        let uri = "mlflow-artifacts:/1/abc/artifacts";
        let base = "http://h:5000/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts";
        assert_eq!(
            url("http://h:5000", uri, "/x/run.toml", ""),
            format!("{base}/run.toml")
        );
        assert_eq!(
            url("http://h:5000/", uri, "m.json", "/fold-1//seed-2/"),
            format!("{base}/fold-1/seed-2/m.json")
        );
        assert_eq!(
            url("http://h:5000", uri, "a b%/ü?#.txt", "../c d"),
            format!("{base}/c%20d/%C3%BC%3F%23.txt")
        );
        assert_eq!(
            url(
                "https://h/team",
                "mlflow-artifacts:/1%20a/artifacts/",
                "f",
                ""
            ),
            "https://h/team/api/2.0/mlflow-artifacts/artifacts/1%20a/artifacts/f"
        );
    }

    #[test]
    fn a_server_for_artifacts_alone_is_asked() {
        assert_eq!(
            url(
                "http://h:5000",
                "mlflow-artifacts://store:5500/1/abc",
                "f",
                ""
            ),
            "http://store:5500/api/2.0/mlflow-artifacts/artifacts/1/abc/f"
        );
    }

    #[test]
    fn other_places_are_named() {
        for uri in [
            "s3://bucket/1/abc",
            "/srv/mlruns/1/abc",
            "file:///srv/mlruns",
            "",
        ] {
            let error = root("http://h", uri).unwrap_err();
            assert!(error.contains(&format!("{uri:?}")), "{error}");
        }
        assert!(
            !root("http://h", "ftp://me:sesame@h/x")
                .unwrap_err()
                .contains("sesame")
        );
    }
}
