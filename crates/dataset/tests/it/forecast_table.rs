//! The forecast table: what is written is read, of any number of horizons and panels, and a table of
//! version 1 is read as it was.

use std::fs;
use std::path::{Path, PathBuf};

use cli::ConfigTable;
use dataset::{
    Config, ControlSign, Dataset, FoldForecasts, ForecastTable, PartKey, TableMetadata, TablePart,
    TimeSpan,
};
use market::Symbol;

/// A run of version 0.1.0, made by `train` on three simulated coins of which one is scored.
fn version1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/version1")
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Every value but the forecast is known from the simulated candles too; the forecasts' mean
/// absolute error is what `quarterhour evaluate` of the version that wrote the table printed.
#[test]
fn a_table_of_version_1_is_read_as_it_was() {
    let run = version1();
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    let config: Config = ConfigTable::read(&run.join("run.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let metadata = table.metadata();
    assert_eq!(
        (metadata.target.as_str(), metadata.unit.as_str()),
        ("return", "share of the price")
    );
    assert_eq!(metadata.bar.to_string(), "1m");
    let names: Vec<&str> = metadata
        .controls
        .iter()
        .map(|control| control.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "last_return",
            "deviation_30m",
            "deviation_60m",
            "deviation_240m"
        ]
    );
    assert_eq!(metadata.controls[0].sign, ControlSign::Both);
    let part = table.only_part(&run).unwrap();
    assert_eq!(part.key.to_string(), "horizon 15m, panel simulated");
    assert_eq!((part.key.reach, part.len()), (TimeSpan::minutes(15), 369));

    let dataset = Dataset::load(&config).unwrap();
    let fold = &dataset.plan.folds[0];
    let mut forecasts = FoldForecasts::new(&dataset, fold);
    for (row, time_ms) in part.time_ms.iter().enumerate() {
        let coins = dataset.panel.symbols();
        let coin = coins
            .iter()
            .position(|coin| coin == part.symbol_of(row))
            .unwrap();
        let place = dataset.panel.row_of(*time_ms).unwrap();
        let std = Some(part.volatility[row] as f32);
        forecasts.push((place, coin), std, part.forecast[row]);
    }
    let (expected, parts) = forecasts.table(&run).unwrap().into_inner();
    assert_eq!(metadata, &expected);
    let made = &parts[0];
    assert_eq!(
        (&made.key, &made.time_ms, &made.fold),
        (&part.key, &part.time_ms, &part.fold)
    );
    let columns = |part: &TablePart| {
        let named = part.controls.values();
        let mut columns: Vec<Vec<u64>> = named.map(|values| bits(values)).collect();
        columns.push(bits(&part.realized));
        columns.push(bits(&part.realized_delayed));
        columns.push(bits(&part.volatility));
        columns.push(bits(&part.trailing_volatility));
        columns.push(bits(&part.weight));
        columns
    };
    assert_eq!(columns(made), columns(part));
    let errors = part
        .forecast
        .iter()
        .zip(&part.realized)
        .map(|(a, b)| (a - b).abs());
    let error = errors.sum::<f64>() / part.len() as f64;
    assert!((error - 0.001_467_513_595_593_818).abs() < 1e-15, "{error}");
}

#[test]
fn a_table_of_version_1_without_its_run_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forecasts.parquet");
    fs::copy(version1().join("forecasts.parquet"), &path).unwrap();
    let error = ForecastTable::read(&path).unwrap_err();
    let error = format!("{error}\nhint: {}", error.hint().unwrap());
    let error = error.replace(&path.display().to_string(), "forecasts.parquet");
    insta::assert_snapshot!(error);
    // A piece finds it two folders above.
    fs::copy(version1().join("run.toml"), dir.path().join("run.toml")).unwrap();
    let piece = dir.path().join("fold-1/seed-1/forecasts.parquet");
    fs::create_dir_all(piece.parent().unwrap()).unwrap();
    fs::rename(&path, &piece).unwrap();
    assert_eq!(ForecastTable::read(&piece).unwrap().len(), 369);
}

/// Two coins at some times of two folds, with values that all differ, in no order.
fn part(key: PartKey, times: i64) -> TablePart {
    let mut part = TablePart::empty(key);
    part.symbols = ["BTCUSDT", "AAVEUSDT"]
        .map(|name| Symbol::new(name).unwrap())
        .to_vec();
    let base = part.key.horizon.ms() as f64;
    for place in 0..2 * times {
        let place = place * 7 % (2 * times);
        part.time_ms.push(place / 2 * 60_000);
        part.symbol.push((place % 2) as u32);
        part.fold.push(1 + u32::from(place >= times));
        part.forecast.push(base + place as f64);
        part.realized.push(base - place as f64);
        part.realized_delayed
            .push(if place == 3 { f64::NAN } else { 0.5 });
    }
    let like = |by: f64| {
        part.forecast
            .iter()
            .map(|value| value + by)
            .collect::<Vec<f64>>()
    };
    part.outputs = [
        ("lower_80", -1.0),
        ("upper_80", 1.0),
        ("probability_up", 0.25),
    ]
    .map(|(name, by)| (name.to_owned(), like(by)))
    .into();
    part.controls = [("last_return".to_owned(), like(10.0))].into();
    (part.volatility, part.trailing_volatility) = (like(20.0), like(30.0));
    part.weight = vec![1.0; part.len()];
    part
}

fn key(panel: &str, minutes: i64) -> PartKey {
    PartKey {
        panel: panel.to_owned(),
        horizon: TimeSpan::minutes(minutes),
        reach: TimeSpan::minutes(minutes + 1),
        ..PartKey::new(&Config::default())
    }
}

/// The values of a table as text, where NaN equals NaN.
fn text(table: &ForecastTable) -> String {
    format!("{table:?}")
}

#[test]
fn horizons_and_panels_are_read_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forecasts.parquet");
    let metadata = TableMetadata::new(&Config::default());
    let keys = [
        key("2024", 60),
        key("2021", 15),
        key("2024", 15),
        key("2021", 60),
    ];
    let mut parts: Vec<TablePart> = keys.map(|key| part(key, 20)).to_vec();
    // One horizon has no intervals.
    parts[0].outputs.clear();
    // One has the prices that its returns begin at.
    parts[2].close = Some(parts[2].forecast.iter().map(|value| value + 5.0).collect());
    let table = ForecastTable::new(metadata.clone(), parts.clone(), dir.path()).unwrap();
    table.write(&path).unwrap();
    let read = ForecastTable::read(&path).unwrap();
    assert_eq!(text(&read), text(&table));
    let keys: Vec<String> = read
        .parts()
        .iter()
        .map(|part| part.key.to_string())
        .collect();
    assert_eq!(
        keys,
        [
            "horizon 15m, panel 2021",
            "horizon 1h, panel 2021",
            "horizon 15m, panel 2024",
            "horizon 1h, panel 2024"
        ]
    );
    for part in read.parts() {
        assert!((0..part.len()).is_sorted_by_key(|row| part.place(row)));
        assert_eq!(part.symbols[0].as_str(), "AAVEUSDT");
        let btc = (0..part.len())
            .find(|row| part.place(*row) == (1, 60_000, "BTCUSDT"))
            .unwrap();
        // It was place 2 of its part.
        let base = part.key.horizon.ms() as f64;
        assert_eq!(
            (part.forecast[btc], part.realized[btc]),
            (base + 2.0, base - 2.0)
        );
        assert_eq!(part.controls["last_return"][btc], base + 12.0);
    }
    assert_eq!(read.parts()[1].outputs["lower_80"].len(), 40);
    assert!(read.parts()[3].outputs.is_empty());
    let closes = read.parts().iter().map(|part| part.close.is_some());
    assert_eq!(closes.collect::<Vec<_>>(), [false, false, true, false]);
    let error = read.only_part(Path::new("run")).unwrap_err();
    let error = format!("{error}\nhint: {}", error.hint().unwrap());
    assert!(
        error.contains("4 horizons and panels") && error.contains("--horizon"),
        "{error}"
    );

    // The pieces of a run: each has its times of both horizons.
    let half = |fold: u32| table.clone().filter(|row| row.fold == fold);
    let files = [1, 2].map(|fold| dir.path().join(format!("{fold}.parquet")));
    half(1).write(&files[0]).unwrap();
    half(2).write(&files[1]).unwrap();
    let gathered = ForecastTable::read_all(files, dir.path()).unwrap();
    assert_eq!(text(&gathered), text(&table));

    // Seeds are averaged within each part, bounds and probabilities too.
    let mut louder = parts.clone();
    for part in &mut louder {
        part.forecast.iter_mut().for_each(|value| *value += 4.0);
        part.outputs
            .values_mut()
            .flatten()
            .for_each(|value| *value += 2.0);
    }
    let louder = ForecastTable::new(metadata, louder, dir.path()).unwrap();
    let mean = ForecastTable::average(vec![table.clone(), louder], dir.path()).unwrap();
    for (mean, part) in mean.parts().iter().zip(table.parts()) {
        assert_eq!(mean.forecast[5], part.forecast[5] + 2.0);
        for (name, values) in &mean.outputs {
            assert_eq!(values[5], part.outputs[name][5] + 1.0, "{name}");
        }
    }
}

/// The time is Parquet's own timestamp, adjusted to UTC, and the metadata are JSON under one key.
#[test]
fn the_file_says_what_it_holds() {
    use polars_parquet::read::{FileMetadata, infer_schema, read_metadata};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forecasts.parquet");
    let metadata = TableMetadata::new(&Config::default());
    let write = |parts| {
        let table = ForecastTable::new(metadata.clone(), parts, dir.path()).unwrap();
        table.write(&path).unwrap();
        let file: FileMetadata = read_metadata(&mut fs::File::open(&path).unwrap()).unwrap();
        file
    };
    let file = write(vec![part(key("2021", 15), 5), part(key("2024", 15), 5)]);
    let schema = infer_schema(&file).unwrap();
    let names: Vec<&str> = schema.iter_names().map(|name| name.as_str()).collect();
    insta::assert_snapshot!(names.join(" "));
    assert_eq!(
        format!("{:?}", schema.get("time").unwrap().dtype),
        "Timestamp(Millisecond, Some(\"UTC\"))"
    );
    let mut pairs = file.key_value_metadata().iter().flatten();
    let json = pairs.find(|pair| pair.key == "quarterhour.forecasts");
    let json: serde_json::Value =
        serde_json::from_str(json.unwrap().value.as_ref().unwrap()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
    let file = write(vec![part(key("2021", 15), 5)]);
    assert!(
        infer_schema(&file).unwrap().get("panel").is_none(),
        "one panel needs no column"
    );
    // A table without rows still has its columns, horizon and panel.
    write(vec![TablePart::empty(key("2021", 15))]);
    let read = ForecastTable::read(&path).unwrap();
    assert_eq!((read.len(), read.parts().len()), (0, 1));
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let metadata = TableMetadata::new(&Config::default());
    let refused = |change: fn(&mut TablePart)| {
        let mut part = part(key("2021", 15), 5);
        change(&mut part);
        let parts = vec![part, self::part(key("2021", 60), 5)];
        let error = ForecastTable::new(metadata.clone(), parts, Path::new("table")).unwrap_err();
        error.to_string()
    };
    let twice = |part: &mut TablePart| {
        let (symbol, time) = (part.symbol[0], part.time_ms[0]);
        (part.symbol[9], part.time_ms[9]) = (symbol, time);
    };
    let errors = [
        refused(twice),
        // In another fold, and so not beside it.
        refused(|part| {
            let place = |fold| part.fold.iter().position(|other| *other == fold).unwrap();
            let (first, second) = (place(1), place(2));
            part.time_ms[second] = part.time_ms[first];
            part.symbol[second] = part.symbol[first];
        }),
        refused(|part| part.forecast[3] = f64::NAN),
        refused(|part| part.weight.truncate(9)),
        refused(|part| drop(part.outputs.insert("lower".to_owned(), vec![0.0; 10]))),
        refused(|part| part.symbol[3] = 2),
        refused(|part| part.key.horizon = TimeSpan::minutes(60)),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
