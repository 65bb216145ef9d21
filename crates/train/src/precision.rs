//! Which numbers a training multiplies.

use anyhow::anyhow;
use cli::WithHint;
use model::{OpenDevice, Precision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The numbers that a training's convolutions, linear and recurrent layers multiply, on the CPU. Sums,
/// weights, the loss and the optimizer are f32 with each, and forecasting is f32 throughout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionChoice {
    /// bf16 where the processor is faster with it (AMX, or AVX-512 with bf16 other than Intel's), else
    /// f32. The run records which it was and stays with it.
    Auto,
    /// 32 bits.
    #[default]
    F32,
    /// 8 bits of precision: faster on the processors that `auto` takes it on, slower elsewhere. The
    /// order of the sums, and so the last bits, differ from one kind of processor to the next.
    Bf16,
}

impl PrecisionChoice {
    /// Returns true for what is not written, so that the configs of older runs stay the same.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The choice without `auto`: what the stored run has, else what suits the device and processor.
    ///
    /// # Errors
    /// bf16 on a device that has no such products.
    pub(crate) fn resolved(
        self,
        stored: Option<Self>,
        device: &OpenDevice,
    ) -> anyhow::Result<Self> {
        let found = match (self, stored) {
            (Self::Auto, Some(stored)) => stored,
            (Self::Auto, None) if device.has_bf16() => Self::of(Precision::fastest()),
            (Self::Auto, None) => Self::F32,
            (choice, _) => choice,
        };
        if found == Self::Bf16 && !device.has_bf16() {
            return Err(anyhow!(
                "training.precision = \"bf16\" on {}: expected the CPU, as a GPU has numbers of its \
                 own",
                device.name
            )
            .hint("--device cpu, or --set training.precision=f32"));
        }
        if found == Self::Bf16 && !Precision::has_fast_bf16() {
            cli::note(
                "Products of bf16 are slower than those of f32 on this processor: training.precision=f32 \
                 is faster.",
            );
        }
        Ok(found)
    }

    /// What the network computes with.
    pub(crate) fn precision(self) -> Precision {
        match self {
            Self::Auto => Precision::fastest(),
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
        }
    }

    fn of(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::DeviceChoice;

    use super::*;

    #[test]
    fn auto_is_what_the_run_has_else_what_suits_the_processor() {
        let device = DeviceChoice::Cpu.open().unwrap();
        let resolved = |choice: PrecisionChoice, stored| choice.resolved(stored, &device).unwrap();
        let (auto, f32, bf16) = (
            PrecisionChoice::Auto,
            PrecisionChoice::F32,
            PrecisionChoice::Bf16,
        );
        assert_eq!(resolved(auto, Some(f32)), f32);
        assert_eq!(resolved(auto, Some(bf16)), bf16);
        assert_eq!(resolved(auto, None).precision(), Precision::fastest());
        assert_ne!(resolved(auto, None), auto);
        assert_eq!(resolved(f32, Some(bf16)), f32);
    }

    #[cfg(feature = "ndarray")]
    #[test]
    fn bf16_is_refused_where_there_are_no_such_products() {
        let device = DeviceChoice::Ndarray.open().unwrap();
        let auto = PrecisionChoice::Auto.resolved(None, &device).unwrap();
        assert_eq!(auto, PrecisionChoice::F32);
        let error = PrecisionChoice::Bf16.resolved(None, &device).unwrap_err();
        assert!(error.to_string().contains("training.precision = \"bf16\""));
    }
}
