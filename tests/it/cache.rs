//! Features on disk: the same values, and never those of other candles.

use dataset::{Dataset, FeatureRows, TabularFeatures};

fn dataset(seed: u64) -> Dataset {
    let mut config = tests::tiny();
    config.data.simulated.seed = seed;
    Dataset::load(&config).unwrap()
}

fn features(dataset: &Dataset) -> TabularFeatures {
    TabularFeatures::new(
        dataset.config.features.chosen(dataset.panel.interval()),
        &[10],
    )
}

fn same(left: &FeatureRows, right: &FeatureRows, dataset: &Dataset) -> bool {
    let rows = 300..420;
    let (left, right) = (
        left.read(&dataset.panel, rows.clone()).unwrap(),
        right.read(&dataset.panel, rows).unwrap(),
    );
    let bits = |row: &[f32]| {
        row.iter()
            .map(|value| value.to_bits())
            .collect::<Vec<u32>>()
    };
    (0..120).all(|row| (0..3).all(|coin| bits(left.cell(row, coin)) == bits(right.cell(row, coin))))
}

#[test]
fn kept_features_are_the_computed_ones() {
    let dir = tempfile::tempdir().unwrap();
    let first = dataset(1);
    let computed = FeatureRows::computed(features(&first));
    let (kept, was_there) =
        FeatureRows::kept(features(&first), &first.panel, dir.path(), false).unwrap();
    assert!(!was_there && same(&kept, &computed, &first));
    let (again, was_there) =
        FeatureRows::kept(features(&first), &first.panel, dir.path(), false).unwrap();
    assert!(was_there && same(&again, &computed, &first));

    // Other candles have a file of their own, a broken file is none, and --recompute writes it
    // anew.
    let other = dataset(2);
    let (of_other, was_there) =
        FeatureRows::kept(features(&other), &other.panel, dir.path(), false).unwrap();
    assert!(!was_there && same(&of_other, &FeatureRows::computed(features(&other)), &other));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        std::fs::write(file.unwrap().path(), b"short").unwrap();
    }
    let (mended, was_there) =
        FeatureRows::kept(features(&first), &first.panel, dir.path(), false).unwrap();
    assert!(!was_there && same(&mended, &computed, &first));
    let (_, was_there) =
        FeatureRows::kept(features(&first), &first.panel, dir.path(), true).unwrap();
    assert!(!was_there);
}
