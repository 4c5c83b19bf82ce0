//! Fused products from register to register: the rate that no kernel exceeds, for benches to compare with.

use std::hint::black_box;

use super::vector::{Level, Task, Vector};

/// Chains of products side by side; more than latency times ports, fewer than registers.
const CHAINS: usize = 12;

/// Floating-point operations of one round of [`fused_products`].
pub fn flops_per_round(level: Level) -> usize {
    2 * CHAINS * level.lanes()
}

/// Rounds of fused products on one thread. The result means nothing and keeps the work from being removed.
pub fn fused_products(level: Level, n_rounds: usize) -> f32 {
    level.run(Products { n_rounds })
}

struct Products {
    n_rounds: usize,
}

impl Task for Products {
    type Output = f32;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f32 {
        let mut lanes = [0.0_f32; 16];
        // SAFETY: `lanes` has room for the widest register.
        unsafe {
            let (factor, term) = (V::splat(black_box(0.999_9)), V::splat(black_box(2e-4)));
            let mut chains = [V::splat(1.0); CHAINS];
            for _ in 0..self.n_rounds {
                for c in 0..CHAINS {
                    chains[c] = chains[c].fma(factor, term);
                }
            }
            for chain in chains {
                let mut all = [0.0_f32; 16];
                chain.store(all.as_mut_ptr());
                lanes.iter_mut().zip(all).for_each(|(lane, value)| *lane += value);
            }
        }
        lanes.iter().sum()
    }
}
