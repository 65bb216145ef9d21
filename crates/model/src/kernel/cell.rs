//! One step of a recurrent cell, forward and backward, elementwise: what is left of it beside the
//! products.

use super::tile::LANES;
use super::vector::{Work, sigmoid, tanh};

/// The kind of a recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Gates i, f, g, o, as `torch.nn.LSTM`.
    Lstm,
    /// Gates r, z, n, as `torch.nn.GRU`.
    Gru,
}

impl CellKind {
    /// Gates, each as wide as the hidden state.
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// What the backward pass needs of a step, in widths of the hidden state: the gates, and the
    /// cell's state (LSTM) or the recurrent part of n (GRU).
    pub fn kept(self) -> usize {
        self.gates() + 1
    }

    /// Gates whose recurrent part is simply added to that of the input; GRU's n is not.
    pub fn added(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 2,
        }
    }
}

/// One step of one window forward. All slices are whole multiples of the hidden state's width.
pub struct ForwardStep<'a> {
    pub cell: CellKind,
    /// The input's part of the gates.
    pub input: &'a [f32],
    /// All of the gates before their functions (GRU's n: its recurrent part alone).
    pub gates: &'a [f32],
    /// LSTM's state.
    pub state: &'a mut [f32],
    /// The hidden state.
    pub hidden: &'a mut [f32],
    /// Where what the backward pass needs goes; empty where there is none.
    pub kept: &'a mut [f32],
}

impl Work for ForwardStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let units = self.hidden.len();
        let whole = units / LANES * LANES;
        for unit in (0..whole).step_by(LANES) {
            self.some::<FUSED, LANES>(unit);
        }
        for unit in whole..units {
            self.some::<FUSED, 1>(unit);
        }
    }
}

impl ForwardStep<'_> {
    /// The step of `N` units from `unit` on: in registers where `N` is a vector.
    #[inline(always)]
    fn some<const FUSED: bool, const N: usize>(&mut self, unit: usize) {
        let units = self.hidden.len();
        let gate = |index: usize| load::<N>(self.gates, index * units + unit);
        let (kept, state, hidden) = match self.cell {
            CellKind::Lstm => {
                let [mut i, mut f, mut g, mut o] = [gate(0), gate(1), gate(2), gate(3)];
                let (mut c, mut h) = (load::<N>(self.state, unit), [0.0; N]);
                for k in 0..N {
                    i[k] = sigmoid::<FUSED>(i[k]);
                    f[k] = sigmoid::<FUSED>(f[k]);
                    g[k] = tanh::<FUSED>(g[k]);
                    o[k] = sigmoid::<FUSED>(o[k]);
                    c[k] = f[k] * c[k] + i[k] * g[k];
                    h[k] = o[k] * tanh::<FUSED>(c[k]);
                }
                ([i, f, g, o, c], c, h)
            }
            CellKind::Gru => {
                let [mut r, mut z, recurrent] = [gate(0), gate(1), gate(2)];
                let (mut n, mut h) = (
                    load::<N>(self.input, 2 * units + unit),
                    load::<N>(self.hidden, unit),
                );
                for k in 0..N {
                    r[k] = sigmoid::<FUSED>(r[k]);
                    z[k] = sigmoid::<FUSED>(z[k]);
                    n[k] = tanh::<FUSED>(n[k] + r[k] * recurrent[k]);
                    h[k] = n[k] + z[k] * (h[k] - n[k]);
                }
                ([r, z, n, recurrent, n], n, h)
            }
        };
        self.state[unit..unit + N].copy_from_slice(&state);
        self.hidden[unit..unit + N].copy_from_slice(&hidden);
        if !self.kept.is_empty() {
            for (index, values) in kept.iter().enumerate().take(self.cell.kept()) {
                self.kept[index * units + unit..][..N].copy_from_slice(values);
            }
        }
    }
}

/// One step of one window backward.
pub struct BackwardStep<'a> {
    pub cell: CellKind,
    /// What was kept of the step.
    pub kept: &'a [f32],
    /// LSTM's state or GRU's hidden state before the step.
    pub before: &'a [f32],
    /// The gradient by the step's output.
    pub output_grad: &'a [f32],
    /// The gradient by the hidden state that comes from later steps; afterwards what goes straight
    /// to the step before, which is nothing in an LSTM.
    pub hidden_grad: &'a mut [f32],
    /// LSTM: the gradient by the state that comes from later steps; that by the state before,
    /// afterwards.
    pub state_grad: &'a mut [f32],
    /// The gradient by the input's part of the gates.
    pub input_grad: &'a mut [f32],
    /// The gradient by the recurrent part of the gates.
    pub recurrent_grad: &'a mut [f32],
}

impl Work for BackwardStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let units = self.hidden_grad.len();
        let whole = units / LANES * LANES;
        for unit in (0..whole).step_by(LANES) {
            self.some::<FUSED, LANES>(unit);
        }
        for unit in whole..units {
            self.some::<FUSED, 1>(unit);
        }
    }
}

impl BackwardStep<'_> {
    /// The step of `N` units from `unit` on: in registers where `N` is a vector.
    #[inline(always)]
    fn some<const FUSED: bool, const N: usize>(&mut self, unit: usize) {
        let units = self.hidden_grad.len();
        let kept = |index: usize| load::<N>(self.kept, index * units + unit);
        let before = load::<N>(self.before, unit);
        let (mut grad, later) = (
            load::<N>(self.output_grad, unit),
            load::<N>(self.hidden_grad, unit),
        );
        // Gradients by the gates: the input's part, and of the last gate the recurrent part.
        let (mut gates, mut last) = ([[0.0; N]; 4], [0.0; N]);
        match self.cell {
            CellKind::Lstm => {
                let [i, f, g, o, c] = [kept(0), kept(1), kept(2), kept(3), kept(4)];
                let mut by_state = load::<N>(self.state_grad, unit);
                for k in 0..N {
                    grad[k] += later[k];
                    let squashed = tanh::<FUSED>(c[k]);
                    by_state[k] += grad[k] * o[k] * (1.0 - squashed * squashed);
                    gates[0][k] = by_state[k] * g[k] * i[k] * (1.0 - i[k]);
                    gates[1][k] = by_state[k] * before[k] * f[k] * (1.0 - f[k]);
                    gates[2][k] = by_state[k] * i[k] * (1.0 - g[k] * g[k]);
                    gates[3][k] = grad[k] * squashed * o[k] * (1.0 - o[k]);
                    by_state[k] *= f[k];
                    last[k] = gates[3][k];
                    grad[k] = 0.0;
                }
                self.state_grad[unit..unit + N].copy_from_slice(&by_state);
            }
            CellKind::Gru => {
                let [r, z, n, recurrent] = [kept(0), kept(1), kept(2), kept(3)];
                for k in 0..N {
                    grad[k] += later[k];
                    let by_candidate = grad[k] * (1.0 - z[k]) * (1.0 - n[k] * n[k]);
                    gates[0][k] = by_candidate * recurrent[k] * r[k] * (1.0 - r[k]);
                    gates[1][k] = grad[k] * (before[k] - n[k]) * z[k] * (1.0 - z[k]);
                    gates[2][k] = by_candidate;
                    last[k] = by_candidate * r[k];
                    grad[k] *= z[k];
                }
            }
        }
        self.hidden_grad[unit..unit + N].copy_from_slice(&grad);
        let count = self.cell.gates();
        for (index, values) in gates.iter().enumerate().take(count) {
            let place = index * units + unit;
            self.input_grad[place..place + N].copy_from_slice(values);
            let values = if index + 1 == count { &last } else { values };
            self.recurrent_grad[place..place + N].copy_from_slice(values);
        }
    }
}

/// `N` values from a place on.
#[inline(always)]
fn load<const N: usize>(values: &[f32], place: usize) -> [f32; N] {
    let mut loaded = [0.0; N];
    loaded.copy_from_slice(&values[place..place + N]);
    loaded
}
