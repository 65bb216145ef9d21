//! The file of a fitted model, and what is refused.

use std::path::Path;

use cli::ConfigTable;
use volatility::{VolatilityConfig, VolatilityModel};

use crate::support::{DAYS, dataset, fitted, names, panel};

fn shared(model: &VolatilityModel) -> Vec<String> {
    let shared = &model.refits[0].parameters.shared;
    shared.iter().map(|number| number.name.clone()).collect()
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let dataset = dataset(panel(0, DAYS), Some("30d"));
    for name in names() {
        let fitted = fitted(&dataset, name, 1);
        let text = fitted.to_json().unwrap();
        let path = Path::new("volatility.json");
        let read = VolatilityModel::from_json(&text, path, &shared(&fitted)).unwrap();
        let again = read.to_json().unwrap();
        let reread = VolatilityModel::from_json(&again, path, &shared(&fitted)).unwrap();
        assert_eq!(read, reread, "{name}");
    }
}

#[test]
fn a_file_that_no_fit_writes_is_refused() {
    let fitted = fitted(&dataset(panel(0, DAYS), None), "log_har", 0);
    let (json, names) = (fitted.to_json().unwrap(), shared(&fitted));
    let refused = |from: &str, to: &str| {
        let text = json.replacen(from, to, 1);
        assert_ne!(text, json, "{from}");
        let path = Path::new("volatility.json");
        VolatilityModel::from_json(&text, path, &names)
            .unwrap_err()
            .to_string()
    };
    let format = refused("\"format\": 1", "\"format\": 2");
    assert_eq!(format, "volatility.json: format is 2, expected 1");
    let name = refused("\"lrv7\"", "\"mood\"");
    assert!(
        name.contains("shared is constant, lrv1, mood, lrv30, expected constant"),
        "{name}"
    );
    let model = refused("\"model\": \"log_har\"", "\"model\": \"guess\"");
    assert!(
        model.contains("unknown variant `guess`, expected one of `har_full`"),
        "{model}"
    );
}

#[test]
fn what_the_models_are_not_made_for_is_refused() {
    let refused = |sets: &[&str]| {
        let mut table = cli::ConfigArgs::default().load().unwrap();
        let own = [
            "target.kind=volatility",
            "features.set=har_range",
            "data.interval=1d",
        ];
        let sets: Vec<String> = own
            .iter()
            .chain(sets)
            .map(|&text| text.to_owned())
            .collect();
        ConfigTable::apply(&mut table, &sets).unwrap();
        VolatilityConfig::new(&table).unwrap_err().to_string()
    };
    let set = refused(&["features.set=close6"]);
    assert!(
        set.starts_with("features.set is close6, expected har_range"),
        "{set}"
    );
    let kind = refused(&["target.kind=return", "target.horizon=7d"]);
    assert!(
        kind.starts_with("target.kind is return, expected volatility"),
        "{kind}"
    );
    let order = refused(&["volatility.garch.arch_order=9"]);
    assert!(
        order.starts_with("volatility.garch.arch_order is 9, expected 1 to 5"),
        "{order}"
    );
    let fit = refused(&["target.fit=parts"]);
    assert!(
        fit.starts_with("target.fit is set, expected no such key"),
        "{fit}"
    );
}
