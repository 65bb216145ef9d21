//! Values by metric, as reports keep and write them.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::metrics::metric::Metric;
use crate::metrics::value::Value;

/// Something for each metric, in the order of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct ByMetric<T>(Vec<(Metric, T)>);

impl<T> ByMetric<T> {
    /// That of the metric of this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(metric, _)| metric.name == name);
        found.map(|(_, value)| value)
    }

    /// All of them, each with its metric.
    pub fn iter(&self) -> impl Iterator<Item = (&Metric, &T)> {
        self.0.iter().map(|(metric, value)| (metric, value))
    }
}

impl<T> FromIterator<(Metric, T)> for ByMetric<T> {
    fn from_iter<I: IntoIterator<Item = (Metric, T)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// What is written under a metric's name.
pub(crate) trait MetricEntry {
    fn write<M: SerializeMap>(&self, metric: &Metric, map: &mut M) -> Result<(), M::Error>;
}

impl MetricEntry for Value {
    fn write<M: SerializeMap>(&self, metric: &Metric, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(metric.name, &self.value)?;
        if let Some(key) = metric.interval {
            map.serialize_entry(key, &self.interval)?;
        }
        match metric.has_t {
            true => map.serialize_entry(&format!("{}_t", metric.name), &self.t),
            false => Ok(()),
        }
    }
}

impl<T: MetricEntry> Serialize for ByMetric<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (metric, value) in self.iter() {
            value.write(metric, &mut map)?;
        }
        map.end()
    }
}
