//! Coin mixing: how the channels of all coins become the sequences that the encoder sees.

use burn::tensor::Tensor;

use crate::config::Mixing;
use crate::conv::Conv1d;

/// The channels of a window, or what a convolution over them gives: the first one, whose output the
/// encoder sees, or the linear skip.
///
/// # Shapes
///
/// - windows: `[batch, time, coin * feature]`
/// - output: `[window, time_out, channel]`, a window being one of the batch where the coins are
///   stacked, and one coin's (`batch * coin`) where they share the encoder or have it to themselves
pub(crate) fn mix(
    mixing: Mixing,
    windows: Tensor<3>,
    coins: usize,
    convolution: Option<&Conv1d>,
) -> Tensor<3> {
    match (mixing, convolution) {
        (Mixing::Stacked, None) => windows,
        (Mixing::Stacked, Some(convolution)) => convolution.forward(windows),
        (Mixing::Own, None) => own(windows, coins),
        (Mixing::Own, Some(convolution)) => convolution.forward(own(windows, coins)),
        (Mixing::Shared, None) => {
            let (own, market) = parts(windows, coins);
            let [batch, time, features] = market.dims();
            // [batch, 1, time, feature] to [batch * coin, time, feature]
            let market = market
                .reshape([batch, 1, time, features])
                .repeat_dim(1, coins);
            Tensor::cat(
                vec![own, market.reshape([batch * coins, time, features])],
                2,
            )
        }
        (Mixing::Shared, Some(convolution)) => {
            let (own, market) = parts(windows, coins);
            let features = own.dims()[2];
            let own = convolution.forward_part(own, 0, true);
            let market = convolution.forward_part(market, features, false);
            let [batch, time, width] = market.dims();
            // [batch, coin, time, width] + [batch, 1, time, width]
            let sum =
                own.reshape([batch, coins, time, width]) + market.reshape([batch, 1, time, width]);
            sum.reshape([batch * coins, time, width])
        }
    }
}

/// The coins' own channels.
///
/// # Shapes
///
/// - windows: `[batch, time, coin * feature]`
/// - output: `[batch * coin, time, feature]`
fn own(windows: Tensor<3>, coins: usize) -> Tensor<3> {
    let [batch, time, channels] = windows.dims();
    let features = channels / coins;
    // [batch, time, coin, feature] to [batch, coin, time, feature]
    let own = windows
        .reshape([batch, time, coins, features])
        .swap_dims(1, 2);
    own.reshape([batch * coins, time, features])
}

/// The coins' own channels, and the mean of all coins' channels.
///
/// # Shapes
///
/// - windows: `[batch, time, coin * feature]`
/// - output: `[batch * coin, time, feature]` and `[batch, time, feature]`
fn parts(windows: Tensor<3>, coins: usize) -> (Tensor<3>, Tensor<3>) {
    let [batch, time, channels] = windows.dims();
    let features = channels / coins;
    // [batch, time, coin, feature]
    let own = windows.reshape([batch, time, coins, features]);
    let market = own.clone().mean_dim(2).reshape([batch, time, features]);
    // [batch, coin, time, feature] to [batch * coin, time, feature]
    (
        own.swap_dims(1, 2).reshape([batch * coins, time, features]),
        market,
    )
}
