//! The CPU twin.

#![allow(clippy::inline_always)]
// Registers are loaded through pointers; each block says why it holds.
#![allow(unsafe_code)]

use super::Scalars;
use crate::lanes::{LANES, Lanes};

/// Weights, first and second moments, from their first number on.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) weights: *mut f32,
    pub(crate) first: *mut f32,
    pub(crate) second: *mut f32,
}

/// One step for `n` weights.
///
/// # Safety
/// `n` numbers at every pointer, which nobody else touches meanwhile; the processor has the instructions of `L`.
#[inline(always)]
pub(crate) unsafe fn step<L: Lanes>(run: Run, gradient: *const f32, n: usize, scalars: &Scalars) {
    let whole = n / LANES * LANES;
    // SAFETY: whole registers lie within the `n` numbers; the rest is copied to registers' size and back.
    unsafe {
        for i in (0..whole).step_by(LANES) {
            let at = Run { weights: run.weights.add(i), first: run.first.add(i), second: run.second.add(i) };
            step_lanes::<L>(at, gradient.add(i), scalars);
        }
        if whole < n {
            let mut rest = [[0.0_f32; LANES]; 4];
            let sources = [run.weights.cast_const(), run.first.cast_const(), run.second.cast_const(), gradient];
            for (to, from) in rest.iter_mut().zip(sources) {
                std::ptr::copy_nonoverlapping(from.add(whole), to.as_mut_ptr(), n - whole);
            }
            let [weights, first, second, gradient] = &mut rest;
            let at = Run { weights: weights.as_mut_ptr(), first: first.as_mut_ptr(), second: second.as_mut_ptr() };
            step_lanes::<L>(at, gradient.as_ptr(), scalars);
            for (from, to) in rest.iter().zip([run.weights, run.first, run.second]) {
                std::ptr::copy_nonoverlapping(from.as_ptr(), to.add(whole), n - whole);
            }
        }
    }
}

/// # Safety
/// As [`step`], for one register.
#[inline(always)]
unsafe fn step_lanes<L: Lanes>(run: Run, gradient: *const f32, s: &Scalars) {
    // SAFETY: the caller's contract.
    unsafe {
        let (p, g) = (L::load(run.weights), L::load(gradient).mul(L::splat(s.clip)));
        let m = L::load(run.first).mul(L::splat(s.beta1)).add(g.mul(L::splat(s.one_minus_beta1)));
        let v = L::load(run.second).mul(L::splat(s.beta2)).add(g.mul(g).mul(L::splat(s.one_minus_beta2)));
        let spread = v.mul(L::splat(s.correction2)).sqrt().add(L::splat(s.epsilon));
        let step = m.mul(L::splat(s.correction1)).div(spread).add(p.mul(L::splat(s.decay)));
        p.sub(step.mul(L::splat(s.rate))).store(run.weights);
        m.store(run.first);
        v.store(run.second);
    }
}

/// Σ x², in one order.
///
/// # Safety
/// `n` numbers at `x`; the processor has the instructions of `L`.
#[inline(always)]
pub(crate) unsafe fn squares<L: Lanes>(x: *const f32, n: usize) -> f64 {
    let whole = n / LANES * LANES;
    // SAFETY: whole registers, then single numbers, within the `n`.
    unsafe {
        let mut sum = L::splat(0.0);
        for i in (0..whole).step_by(LANES) {
            let value = L::load(x.add(i));
            sum = value.fma(value, sum);
        }
        let mut total = f64::from(sum.sum());
        for i in whole..n {
            total += f64::from(*x.add(i)).powi(2);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AdamW, reference};
    use super::*;
    use crate::lanes::{Kernel, Simd};

    struct Ten<'a>(&'a mut [Vec<f32>; 3], AdamW);

    impl Kernel for Ten<'_> {
        type Output = f64;

        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> f64 {
            let [weights, first, second] = self.0;
            let n = weights.len();
            let mut gradient = vec![0.0; n];
            for t in 1..=10_u64 {
                (0..n).for_each(|i| gradient[i] = gradient_of(t, i) as f32);
                let run = Run { weights: weights.as_mut_ptr(), first: first.as_mut_ptr(), second: second.as_mut_ptr() };
                // SAFETY: all have `n` numbers.
                unsafe { step::<L>(run, gradient.as_ptr(), n, &self.1.scalars(t, 0.5, 0.05, 0.01)) };
            }
            // SAFETY: `n` numbers.
            unsafe { squares::<L>(gradient.as_ptr(), n) }
        }
    }

    fn gradient_of(t: u64, i: usize) -> f64 {
        (t as f64 * 0.9 + i as f64).sin()
    }

    #[test]
    fn ten_steps_follow_the_recurrences() {
        let adamw = AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        for simd in Simd::available() {
            let start: Vec<f32> = (0..19).map(|i| i as f32 * 0.1 - 0.7).collect();
            let mut state = [start.clone(), vec![0.0; 19], vec![0.0; 19]];
            let squares = simd.run(Ten(&mut state, adamw));
            for (i, start) in start.iter().enumerate() {
                let mut expected = [f64::from(*start), 0.0, 0.0];
                for t in 1..=10_i32 {
                    let g = 0.5 * gradient_of(u64::from(t.cast_unsigned()), i);
                    expected = reference::step(adamw, expected, g, t, [0.05, 0.01]);
                }
                let found = f64::from(state[0][i]);
                assert!((found - expected[0]).abs() < 2e-6, "{simd:?}, weight {i}: {found} {}", expected[0]);
            }
            let expected: f64 = (0..19).map(|i| gradient_of(10, i).powi(2)).sum();
            assert!((squares - expected).abs() < 1e-5, "{simd:?}: {squares} {expected}");
        }
    }
}
