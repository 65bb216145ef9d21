//! Cuts what is waiting into requests that MLflow takes.

use serde::Serialize;

use crate::wire::{LoggedMetric, Pair};

/// MLflow's limits for one `runs/log-batch`.
const MAX_PARAMS: usize = 100;
const MAX_ENTRIES: usize = 1000;
/// MLflow allows 1,000,000; the rest is for the braces around the entries.
const MAX_BYTES: usize = 900_000;

/// What one request holds.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) params: Vec<Pair>,
    pub(crate) metrics: Vec<LoggedMetric>,
    bytes: usize,
}

impl Batch {
    fn has_room(&self, params: usize, bytes: usize) -> bool {
        self.params.len() + params <= MAX_PARAMS
            && self.params.len() + self.metrics.len() < MAX_ENTRIES
            && self.bytes + bytes <= MAX_BYTES
    }
}

/// As few batches as hold everything, in order. None is empty.
pub(crate) fn split(params: Vec<Pair>, metrics: Vec<LoggedMetric>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut batch = Batch::default();
    for param in params {
        let bytes = json_bytes(&param);
        if !batch.has_room(1, bytes) {
            batches.push(std::mem::take(&mut batch));
        }
        batch.bytes += bytes;
        batch.params.push(param);
    }
    for metric in metrics {
        let bytes = json_bytes(&metric);
        if !batch.has_room(0, bytes) {
            batches.push(std::mem::take(&mut batch));
        }
        batch.bytes += bytes;
        batch.metrics.push(metric);
    }
    if batch.bytes > 0 {
        batches.push(batch);
    }
    batches
}

/// The entry's size in a request, with the comma after it.
fn json_bytes(entry: &impl Serialize) -> usize {
    serde_json::to_vec(entry).map_or(0, |json| json.len()) + 1
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::wire::{LogBatch, LoggedMetric, Pair};

    fn params(count: usize, value: &str) -> Vec<Pair> {
        (0..count)
            .map(|index| Pair {
                key: format!("p{index}"),
                value: value.to_owned(),
            })
            .collect()
    }

    fn metrics(count: usize) -> Vec<LoggedMetric> {
        (0..count)
            .map(|step| LoggedMetric {
                key: "m".to_owned(),
                value: 0.5,
                timestamp: 1,
                step: step as i64,
            })
            .collect()
    }

    fn sizes(params: Vec<Pair>, metrics: Vec<LoggedMetric>) -> Vec<(usize, usize)> {
        split(params, metrics)
            .iter()
            .map(|batch| (batch.params.len(), batch.metrics.len()))
            .collect()
    }

    #[test]
    fn counts_stay_within_the_limits() {
        assert_eq!(sizes(Vec::new(), Vec::new()), []);
        assert_eq!(sizes(params(100, ""), metrics(900)), [(100, 900)]);
        assert_eq!(
            sizes(params(250, ""), metrics(1000)),
            [(100, 0), (100, 0), (50, 950), (0, 50)]
        );
    }

    #[test]
    fn nothing_is_lost_and_the_order_stays() {
        let batches = split(params(120, "v"), metrics(2500));
        let joined: Vec<_> = batches
            .iter()
            .flat_map(|batch| batch.params.clone())
            .collect();
        assert_eq!(joined, params(120, "v"));
        let joined: Vec<_> = batches
            .iter()
            .flat_map(|batch| batch.metrics.clone())
            .collect();
        assert_eq!(joined, metrics(2500));
    }

    #[test]
    fn a_request_stays_below_a_megabyte() {
        // A control character is six bytes of JSON.
        for batch in split(params(100, &"\u{1}".repeat(6000)), metrics(3000)) {
            let request = LogBatch {
                run_id: &"r".repeat(64),
                metrics: &batch.metrics,
                params: &batch.params,
            };
            let bytes = serde_json::to_vec(&request).unwrap().len();
            assert!(bytes < 1_000_000, "{bytes}");
        }
    }
}
