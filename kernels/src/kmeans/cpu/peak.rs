//! Fused products from register to register: the rate that no kernel exceeds, for benches to compare with.

use std::hint::black_box;

use crate::lanes::{Kernel, LANES, Lanes, Level, Simd};

/// Chains of products side by side, in logical registers; more than latency times ports, fewer than registers.
fn n_chains(level: Level) -> usize {
    if level == Level::Avx512 { 12 } else { 6 }
}

/// Floating-point operations of one round of [`fused_products`].
pub fn flops_per_round(level: Level) -> usize {
    2 * n_chains(level) * LANES
}

/// Rounds of fused products on one thread. The result means nothing and keeps the work from being removed.
pub fn fused_products(level: Level, n_rounds: usize) -> f32 {
    match n_chains(level) {
        12 => Simd::of(level).run(Products::<12> { n_rounds }),
        _ => Simd::of(level).run(Products::<6> { n_rounds }),
    }
}

struct Products<const CHAINS: usize> {
    n_rounds: usize,
}

impl<const CHAINS: usize> Kernel for Products<CHAINS> {
    type Output = f32;

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> f32 {
        // SAFETY: `L`'s instructions, by the contract.
        unsafe {
            let (factor, term) = (L::splat(black_box(0.999_9)), L::splat(black_box(2e-4)));
            let mut chains = [L::splat(1.0); CHAINS];
            for _ in 0..self.n_rounds {
                for chain in &mut chains {
                    *chain = chain.fma(factor, term);
                }
            }
            chains.into_iter().map(|chain| chain.sum()).sum()
        }
    }
}
