//! The sizes of a convolution.

/// Most parts that the weights' gradient is summed in. Their number follows from the windows alone,
/// so that the gradient's bits do not depend on the threads.
const PARTS: usize = 32;

/// Fewest windows of a part. The sums of a part are as large as the weights, however few its windows are: to set
/// them to zeros and to add them up would cost more than the products.
pub const LEAST: usize = 4;

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    pub windows: usize,
    /// Time steps in.
    pub time: usize,
    pub channels_in: usize,
    pub channels_out: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Time steps from one tap to the next; more than 1 only with a stride of 1.
    pub dilation: usize,
    /// Zeros before and after the time axis.
    pub padding: [usize; 2],
}

impl ConvShape {
    /// Time steps out.
    pub fn time_out(&self) -> usize {
        let [before, after] = self.padding;
        (before + self.time + after - (self.kernel - 1) * self.dilation - 1) / self.stride + 1
    }

    /// Windows of each part that the weights' gradient is summed in.
    pub fn part_windows(&self) -> usize {
        self.windows.div_ceil(PARTS).max(LEAST)
    }

    /// Runs of taps that lie beside each other in memory, as the first tap and how many: all,
    /// unless they are apart.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        let taps = if self.dilation == 1 { self.kernel } else { 1 };
        (0..self.kernel)
            .step_by(taps)
            .map(move |first| (first, taps))
    }

    pub fn input_len(&self) -> usize {
        self.time * self.channels_in
    }

    pub fn output_len(&self) -> usize {
        self.time_out() * self.channels_out
    }

    pub fn depth(&self) -> usize {
        self.kernel * self.channels_in
    }
}
