//! What tests need in order to compare values with the golden numbers that other programs computed.
//!
//! Golden files are JSON, made by scripts/golden-*.py. Only tests depend on this crate.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

use serde_json::Value;

/// The content of a golden file.
pub fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A JSON list; empty where it is something else.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A JSON list of numbers; null is NaN.
pub fn floats(value: &Value) -> Vec<f64> {
    let float = |number: &Value| number.as_f64().unwrap_or(f64::NAN);
    list(value).iter().map(float).collect()
}

/// A JSON list of whole numbers.
pub fn integers<T: TryFrom<i64>>(value: &Value) -> Vec<T> {
    let integer = |number: &Value| number.as_i64().and_then(|number| number.try_into().ok());
    let integers: Option<Vec<T>> = list(value).iter().map(integer).collect();
    integers.unwrap_or_else(|| panic!("no list of whole numbers: {value}"))
}

/// The number under a key.
pub fn number(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The whole number under a key, not below 0.
pub fn whole(value: &Value, key: &str) -> usize {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no {key} in {value}")) as usize
}

/// Checks that a value is within 1e-9 of the expected one's size, or within 1e-12 of 0.
pub fn assert_close(name: &str, found: Option<f64>, expected: f64) {
    assert_within(name, found, expected, 1e-9 * expected.abs() + 1e-12);
}

/// Checks that a value is within 1e-12 of the expected one.
pub fn assert_exact(name: &str, found: Option<f64>, expected: f64) {
    assert_within(name, found, expected, 1e-12);
}

fn assert_within(name: &str, found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap_or_else(|| panic!("{name} is undefined, expected {expected}"));
    assert!(
        (found - expected).abs() <= tolerance,
        "{name} is {found}, expected {expected}"
    );
}
