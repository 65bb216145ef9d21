//! What happens by chance but is the same whenever it is asked: a number from the seed, a coin and
//! a time.

use market::Symbol;

/// The kinds of chance, so that a late candle is not always an unsent one too.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Chance {
    Hole = 1,
    Late = 2,
    Silent = 3,
}

/// Chances of one coin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chances(u64);

impl Chances {
    pub fn new(seed: u64, symbol: &Symbol) -> Self {
        Self(
            symbol
                .as_str()
                .bytes()
                .fold(mixed(seed), |state, byte| mixed(state ^ u64::from(byte))),
        )
    }

    /// Whether `chance` strikes the candle that opens at `time_ms`; it does so for a `share` of all
    /// candles.
    pub fn strikes(self, chance: Chance, time_ms: i64, share: f64) -> bool {
        let bits = mixed(mixed(self.0 ^ chance as u64) ^ time_ms.cast_unsigned());
        // The upper 53 bits as a number in [0, 1).
        ((bits >> 11) as f64) * (-53f64).exp2() < share
    }
}

/// SplitMix64's output function (Steele, Lea, Flood 2014): every bit of the input changes half of
/// the output.
fn mixed(state: u64) -> u64 {
    let mut bits = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_candles_is_struck_whichever_kind_and_coin() {
        for name in ["AUSDT", "BUSDT"] {
            let chances = Chances::new(7, &Symbol::new(name).unwrap());
            for chance in [Chance::Hole, Chance::Late, Chance::Silent] {
                let struck = (0..10_000)
                    .filter(|&bar| chances.strikes(chance, bar * 60_000, 0.1))
                    .count();
                assert!((850..1150).contains(&struck), "{name} {chance:?}: {struck}");
            }
            assert!((0..1000).all(|bar| !chances.strikes(Chance::Hole, bar, 0.0)));
            assert!((0..1000).all(|bar| chances.strikes(Chance::Hole, bar, 1.0)));
            let both = |bar: &i64| {
                chances.strikes(Chance::Hole, bar * 60_000, 0.1)
                    && chances.strikes(Chance::Late, bar * 60_000, 0.1)
            };
            let struck = (0..10_000).filter(both).count();
            assert!((50..150).contains(&struck), "{struck}");
        }
    }
}
