//! Where and as what a run is tracked.

use std::fmt;

/// The server, the run's place on it, and how to log in there.
#[derive(Clone, Default)]
pub struct TrackingSettings {
    /// The server's address, `http://` or `https://`, perhaps with a path before `/api/2.0`.
    pub uri: String,
    /// The experiment's name; it is made where there is none.
    pub experiment: String,
    /// The run's name.
    pub run_name: String,
    /// For bearer authentication, used when user and password are not both there.
    pub token: Option<String>,
    /// For basic authentication.
    pub user: Option<String>,
    /// For basic authentication.
    pub password: Option<String>,
}

impl TrackingSettings {
    /// From the variables of MLflow's own client; `None` where no server is named.
    pub(crate) fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        experiment: &str,
        run_name: &str,
    ) -> Option<Self> {
        let filled = |name: &str| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        Some(Self {
            uri: filled("MLFLOW_TRACKING_URI")?,
            experiment: filled("MLFLOW_EXPERIMENT_NAME").unwrap_or_else(|| experiment.to_owned()),
            run_name: run_name.to_owned(),
            token: filled("MLFLOW_TRACKING_TOKEN"),
            user: filled("MLFLOW_TRACKING_USERNAME"),
            password: filled("MLFLOW_TRACKING_PASSWORD"),
        })
    }
}

/// Without the credentials, also without those in the URI.
impl fmt::Debug for TrackingSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("uri", &crate::address::without_credentials(&self.uri))
            .field("experiment", &self.experiment)
            .field("run_name", &self.run_name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::TrackingSettings;

    fn settings(variables: &[(&str, &str)]) -> Option<TrackingSettings> {
        let value = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        TrackingSettings::from_variables(value, "of the config", "run 7")
    }

    #[test]
    fn no_server_named_means_no_tracking() {
        assert!(settings(&[("MLFLOW_EXPERIMENT_NAME", "x")]).is_none());
        assert!(settings(&[("MLFLOW_TRACKING_URI", " ")]).is_none());
    }

    #[test]
    fn the_variables_go_before_the_callers_names() {
        let found = settings(&[
            ("MLFLOW_TRACKING_URI", "http://h"),
            ("MLFLOW_EXPERIMENT_NAME", ""),
        ])
        .unwrap();
        assert_eq!(
            (found.experiment.as_str(), found.run_name.as_str()),
            ("of the config", "run 7")
        );
        assert_eq!(
            (found.token, found.user, found.password),
            (None, None, None)
        );
        let found = settings(&[
            ("MLFLOW_TRACKING_URI", "http://h"),
            ("MLFLOW_EXPERIMENT_NAME", "theirs"),
            ("MLFLOW_TRACKING_TOKEN", "token\n"),
        ]);
        let found = found.unwrap();
        assert_eq!(
            (found.experiment.as_str(), found.token.as_deref()),
            ("theirs", Some("token"))
        );
    }

    #[test]
    fn credentials_are_not_shown() {
        let settings = TrackingSettings {
            uri: "http://me:sesame@h".to_owned(),
            token: Some("sesame".to_owned()),
            password: Some("sesame".to_owned()),
            ..TrackingSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("sesame") && shown.contains("http://***@h"),
            "{shown}"
        );
    }
}
