//! Intel's matrix unit: eight tiles of 16 rows of 64 bytes.
//!
//! Its intrinsics are not stable in Rust; the five instructions that are needed are.
//! Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
#![allow(
    unsafe_code,
    reason = "instructions that Rust has no stable functions for, on memory that the caller has checked"
)]

use std::arch::asm;
use std::mem::MaybeUninit;

use super::{TILE, TILE_DEPTH};

/// Whether the processor has the unit and the system lets this process use it.
#[cfg(target_os = "linux")]
pub fn is_usable() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    const BF16_AND_TILE: u32 = 1 << 22 | 1 << 24;
    if std::arch::x86_64::__cpuid(0).eax < 7
        || std::arch::x86_64::__cpuid_count(7, 0).edx & BF16_AND_TILE != BF16_AND_TILE
    {
        return false;
    }
    let mut result = ARCH_PRCTL;
    // SAFETY: the call takes no pointers and asks for a permission alone. It answers 0, or an error
    // where the system knows no tiles or refuses them.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// Only Linux is asked.
#[cfg(not(target_os = "linux"))]
pub fn is_usable() -> bool {
    false
}

/// What the eight tiles are like: all of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Tiles {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static TILES: Tiles = Tiles {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// Sets this thread's tiles up, unless they are: another library may have released or changed them.
pub fn set_up() {
    let mut found = MaybeUninit::<[u8; 64]>::uninit();
    // SAFETY: `is_usable` was true, or there were no `Unit::Amx`. `sttilecfg` writes all 64 bytes,
    // zeros where the tiles are not set up, and those of `TILES` may be read as bytes.
    unsafe {
        asm!("sttilecfg [{}]", in(reg) found.as_mut_ptr(), options(nostack, preserves_flags));
        if found.assume_init() != *(&raw const TILES).cast::<[u8; 64]>() {
            asm!("ldtilecfg [{}]", in(reg) &raw const TILES, options(nostack, readonly));
        }
    }
}

/// Operands and result of a product of whole tiles; strides in values.
#[derive(Clone, Copy)]
pub struct Tiled {
    pub a: *const u16,
    pub a_row: usize,
    pub b: *const u16,
    pub b_panel: usize,
    pub b_pair: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// Whether the product is added to what `c` holds.
    pub adds: bool,
}

macro_rules! load {
    ($tile:literal, $from:expr, $row_bytes:expr) => {
        asm!(
            concat!("tileloadd ", $tile, ", [{from} + {row}*1]"),
            from = in(reg) $from,
            row = in(reg) $row_bytes,
            options(nostack, preserves_flags, readonly),
        )
    };
}

macro_rules! store {
    ($tile:literal, $to:expr, $row_bytes:expr) => {
        asm!(
            concat!("tilestored [{to} + {row}*1], ", $tile),
            to = in(reg) $to,
            row = in(reg) $row_bytes,
            options(nostack, preserves_flags),
        )
    };
}

/// One instruction on tiles alone.
macro_rules! tiles {
    ($instruction:literal) => {
        asm!($instruction, options(nostack, preserves_flags, nomem))
    };
}

/// A product of `[rows, columns, depth]`, all whole multiples of a tile's.
///
/// # Safety
/// All elements of the operands and of the result must be readable, those of the result writable;
/// this thread's tiles must be set up.
pub unsafe fn multiply([rows, columns, depth]: [usize; 3], tiled: Tiled) {
    let steps = depth / TILE_DEPTH;
    for column in (0..columns).step_by(2 * TILE) {
        for row in (0..rows).step_by(2 * TILE) {
            // SAFETY: within the operands, as the caller promises.
            unsafe {
                let block = Tiled {
                    a: tiled.a.add(row * tiled.a_row),
                    b: tiled.b.add(column / TILE * tiled.b_panel),
                    c: tiled.c.add(row * tiled.c_row + column),
                    ..tiled
                };
                match (rows - row > TILE, columns - column > TILE) {
                    (true, true) => block.run::<true, true>(steps),
                    (true, false) => block.run::<true, false>(steps),
                    (false, true) => block.run::<false, true>(steps),
                    (false, false) => block.run::<false, false>(steps),
                }
            }
        }
    }
}

impl Tiled {
    /// One or two tiles of rows times one or two of columns: the result stays in tiles 0 to 3.
    ///
    /// # Safety
    /// As of [`multiply`].
    unsafe fn run<const TALL: bool, const WIDE: bool>(self, steps: usize) {
        let (a_row, b_pair, c_row) = (self.a_row * 2, self.b_pair * 2, self.c_row * 4);
        // SAFETY: the caller's promise.
        unsafe {
            let (right, below) = (self.c.add(TILE), self.c.wrapping_add(TILE * self.c_row));
            if self.adds {
                load!("tmm0", self.c, c_row);
                if WIDE {
                    load!("tmm1", right, c_row);
                }
                if TALL {
                    load!("tmm2", below, c_row);
                }
                if TALL && WIDE {
                    load!("tmm3", below.add(TILE), c_row);
                }
            } else {
                tiles!("tilezero tmm0");
                tiles!("tilezero tmm1");
                tiles!("tilezero tmm2");
                tiles!("tilezero tmm3");
            }
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..steps {
                load!("tmm4", a, a_row);
                load!("tmm6", b, b_pair);
                tiles!("tdpbf16ps tmm0, tmm4, tmm6");
                if WIDE {
                    load!("tmm7", b.add(self.b_panel), b_pair);
                    tiles!("tdpbf16ps tmm1, tmm4, tmm7");
                }
                if TALL {
                    load!("tmm5", a.add(TILE * self.a_row), a_row);
                    tiles!("tdpbf16ps tmm2, tmm5, tmm6");
                }
                if TALL && WIDE {
                    tiles!("tdpbf16ps tmm3, tmm5, tmm7");
                }
                a = a.add(TILE_DEPTH);
                b = b.wrapping_add(TILE_DEPTH / 2 * self.b_pair);
            }
            store!("tmm0", self.c, c_row);
            if WIDE {
                store!("tmm1", right, c_row);
            }
            if TALL {
                store!("tmm2", below, c_row);
            }
            if TALL && WIDE {
                store!("tmm3", below.add(TILE), c_row);
            }
        }
    }
}
