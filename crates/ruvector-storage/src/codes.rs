//! The codes of one field of a sealed segment, with the encoder that made them. Never without its encoder: codes mean
//! nothing to another.
//!
//! ```text
//! body: codes │ zeros to 8 │ encoder │ zeros to 8 │ trailer 32 bytes
//! codes:   count × row bytes, by the ordinal of the vector
//! trailer: 0 version u32 (1) │ 4 count u32 │ 8 row bytes u32 │ 12 encoder bytes u32 │ 16 codes │ zero
//! codes:   family u8 (0 rotated, 1 binary, 2 scalar, 3 product, 4 neural, 5 LSH) │ width u8 (0 to 4, or 1 where a
//!          quantile follows) │ u16 zero │ compression, bits or quantile (f32), 4 bytes
//! ```

use std::ops::Range;

use ruvector_io::Io;
use ruvector_quant::Encoder;
use ruvector_types::{CodeWidth, Codes};

use crate::component::{Component, ReadComponentError};
use crate::frame::ComponentKind;
use crate::vectors::{TRAILER_BYTES, verified};
use crate::wire::{Malformed, Reader, put};
use crate::writer::{ComponentWriter, WriteComponentError};

const VERSION: u32 = 1;

/// By their numbers in the file.
const WIDTHS: [CodeWidth; 5] = [
    CodeWidth::One,
    CodeWidth::OneAndHalf,
    CodeWidth::Two,
    CodeWidth::Four,
    CodeWidth::Eight,
];

/// The codes of one field, mapped.
#[derive(Clone, Debug)]
pub struct CodeBlock {
    component: Component,
    count: u32,
    row_bytes: u32,
    codes: Codes,
    encoder: Encoder,
}

impl CodeBlock {
    /// Checks the lengths and reads the encoder; codes are verified on first touch.
    pub fn open(component: Component) -> Result<CodeBlock, ReadComponentError> {
        let end = component.len();
        let trailer = verified(&component, end.saturating_sub(TRAILER_BYTES)..end)?;
        let trailer = Trailer::decode(trailer, end).map_err(|malformed| component.malformed(malformed))?;
        let at = trailer.encoder_at();
        let encoder = Encoder::from_bytes(verified(&component, at..at + u64::from(trailer.encoder_bytes))?);
        let fits = encoder
            .ok()
            .filter(|encoder| encoder.code_bytes() == trailer.row_bytes as usize);
        let Some(encoder) = fits else {
            let rule = "the encoder cannot be read, or makes other codes";
            return Err(component.malformed(Malformed { at, rule }));
        };
        Ok(CodeBlock {
            component,
            count: trailer.count,
            row_bytes: trailer.row_bytes,
            codes: trailer.codes,
            encoder,
        })
    }

    /// Codes.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What they were asked to be.
    pub fn codes(&self) -> Codes {
        self.codes
    }

    /// What made them.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Adjacent codes; `None` if some are out of range or damaged.
    #[inline]
    pub fn rows(&self, ordinals: Range<u32>) -> Option<&[u8]> {
        if ordinals.end > self.count {
            return None;
        }
        self.component.bytes(self.span(ordinals))
    }

    /// All codes side by side, of which those of `ordinals` may be read; `None` if some of these are damaged. Whoever reads
    /// asks whether they are in range. Cost: nothing where the component is in memory, else a look at each.
    #[inline]
    pub fn sound(&self, ordinals: &[u32]) -> Option<&[u8]> {
        let all = self.span(0..self.count);
        if let Some(all) = self.component.resident(all.clone()) {
            return Some(all);
        }
        let are_sound = ordinals
            .iter()
            .all(|at| self.rows(*at..at.saturating_add(1)).is_some());
        are_sound.then(|| self.component.peek(all)).flatten()
    }

    /// A hint that a code follows soon.
    #[inline]
    pub fn prefetch(&self, ordinal: u32) {
        if ordinal < self.count
            && let Some(code) = self.component.peek(self.span(ordinal..ordinal + 1))
        {
            ruvector_simd::prefetch(code);
        }
    }

    #[inline]
    fn span(&self, ordinals: Range<u32>) -> Range<u64> {
        let bytes = u64::from(self.row_bytes);
        u64::from(ordinals.start) * bytes..u64::from(ordinals.end) * bytes
    }
}

/// The numbers at the end.
struct Trailer {
    count: u32,
    row_bytes: u32,
    encoder_bytes: u32,
    codes: Codes,
}

impl Trailer {
    fn encoder_at(&self) -> u64 {
        (u64::from(self.count) * u64::from(self.row_bytes)).next_multiple_of(8)
    }

    fn decode(trailer: &[u8], body_bytes: u64) -> Result<Trailer, Malformed> {
        let mut reader = Reader::new(trailer);
        if reader.u32()? != VERSION {
            return Err(reader.malformed("unknown version of the codes"));
        }
        let trailer = Trailer {
            count: reader.u32()?,
            row_bytes: reader.u32()?,
            encoder_bytes: reader.u32()?,
            codes: codes(&mut reader)?,
        };
        let rows = u128::from(trailer.count) * u128::from(trailer.row_bytes);
        let encoder = u128::from(trailer.encoder_bytes).next_multiple_of(8);
        let whole = rows.next_multiple_of(8) + encoder + u128::from(TRAILER_BYTES);
        match whole == u128::from(body_bytes) {
            true => Ok(trailer),
            false => Err(reader.malformed("length does not match the counts")),
        }
    }
}

/// Writes codes as the trailer and the catalog name them.
pub(crate) fn put_codes(codes: Codes, out: &mut Vec<u8>) {
    let of_width = |width: CodeWidth| WIDTHS.iter().position(|known| *known == width).unwrap_or(0) as u8;
    let (family, width, number) = match codes {
        Codes::Rotated(width) => (0u8, of_width(width), 0),
        Codes::Binary(width) => (1, of_width(width), 0),
        Codes::Scalar { quantile } => (2, quantile.is_some().into(), quantile.unwrap_or(0.0).to_bits()),
        Codes::Product { compression } => (3, 0, compression),
        Codes::Neural { bits } => (4, 0, bits),
        Codes::Lsh { bits } => (5, 0, bits),
    };
    put!(out, family, width, 0u16, number);
}

/// Reads what [`put_codes`] wrote.
pub(crate) fn codes(reader: &mut Reader<'_>) -> Result<Codes, Malformed> {
    let (family, width, zero, number) = (reader.u8()?, reader.u8()?, reader.u16()?, reader.u32()?);
    let of_width = WIDTHS.get(usize::from(width)).copied();
    let codes = match (family, of_width, width) {
        (0, Some(width), _) if number == 0 => Some(Codes::Rotated(width)),
        (1, Some(width), _) if number == 0 => Some(Codes::Binary(width)),
        (2, _, 0) if number == 0 => Some(Codes::Scalar { quantile: None }),
        (2, _, 1) => Some(Codes::Scalar {
            quantile: Some(f32::from_bits(number)),
        }),
        (3, _, 0) => Some(Codes::Product { compression: number }),
        (4, _, 0) => Some(Codes::Neural { bits: number }),
        (5, _, 0) => Some(Codes::Lsh { bits: number }),
        _ => None,
    };
    codes
        .filter(|_| zero == 0)
        .ok_or_else(|| reader.malformed("unknown codes"))
}

/// Writes a codes component one row at a time; nothing of it stays in memory. Owned, so that a build in steps can keep
/// it.
#[derive(Debug)]
pub struct CodesWriter {
    writer: ComponentWriter<'static>,
    row_bytes: u32,
    count: u32,
}

impl CodesWriter {
    /// Creates the file, which must not exist.
    pub fn create(
        io: std::sync::Arc<dyn Io>,
        path: &str,
        created_seq: u64,
        row_bytes: u32,
    ) -> Result<CodesWriter, WriteComponentError> {
        Ok(CodesWriter {
            writer: ComponentWriter::create_owned(io, path, ComponentKind::Codes, created_seq)?,
            row_bytes,
            count: 0,
        })
    }

    /// Appends the next code.
    pub fn push(&mut self, code: &[u8]) -> Result<(), WriteComponentError> {
        if code.len() as u64 != u64::from(self.row_bytes) {
            return Err(self.writer.rule("a code of another length"));
        }
        self.writer.write(code)?;
        self.count += 1;
        Ok(())
    }

    /// Ends and syncs the file.
    pub fn finish(mut self, codes: Codes, encoder: &Encoder) -> Result<(), WriteComponentError> {
        let bytes = encoder.to_bytes();
        let encoder_bytes =
            u32::try_from(bytes.len()).map_err(|_| self.writer.rule("an encoder beyond 4 GiB"))?;
        self.writer.align(8)?;
        self.writer.write(&bytes)?;
        self.writer.align(8)?;
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        put!(trailer, VERSION, self.count, self.row_bytes, encoder_bytes);
        put_codes(codes, &mut trailer);
        put!(trailer, 0u64);
        self.writer.write(&trailer)?;
        self.writer.finish().map(drop)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: codes come back as written, with their encoder. Method: every family over a few vectors; every changed
    //! byte behind the codes, under a valid checksum, is refused or answered within bounds; a bit that flips in one of
    //! several regions of the mapped file hides the codes there and no others.
    use super::*;
    use crate::frame::{HEADER_BYTES, REGION_BYTES};
    use crate::testing::component;
    use ruvector_io::{MemIo, Region};
    use ruvector_quant::{Quantization, Space, Width};
    use ruvector_simd::Metric;
    use std::sync::Arc;

    #[test]
    fn round_trip_and_hostile_bytes() {
        let space = Space {
            dim: 20,
            metric: Metric::Dot,
            seed: 3,
        };
        let vectors: Vec<Vec<f32>> = (0..9)
            .map(|row| (0..20).map(|at| ((row * 31 + at * 7) as f32).sin()).collect())
            .collect();
        let rows: Vec<&[f32]> = vectors.iter().map(|row| &row[..]).collect();
        let width = Width::Four;
        let encoder = Encoder::train(Quantization::Rotated { width }, space, &rows).unwrap();
        let io = Arc::new(MemIo::new());
        let row_bytes = encoder.code_bytes() as u32;
        let mut writer = CodesWriter::create(io.clone(), "c", 1, row_bytes).unwrap();
        let mut model = Vec::new();
        for row in &rows {
            let mut code = vec![0; encoder.code_bytes()];
            encoder.encode(row, &mut code).unwrap();
            writer.push(&code).unwrap();
            model.push(code);
        }
        assert!(writer.push(&[1]).is_err());
        let kind = Codes::Rotated(CodeWidth::Four);
        writer.finish(kind, &encoder).unwrap();
        let file = Region::from_vec(io.read("c", u64::MAX).unwrap());
        let sealed = Component::from_region("c", file, ComponentKind::Codes).unwrap();
        let block = CodeBlock::open(sealed.clone()).unwrap();
        assert_eq!((block.len(), block.codes()), (9, kind));
        assert_eq!(block.encoder().to_bytes(), encoder.to_bytes());
        assert_eq!(block.rows(2..9), Some(&model[2..].concat()[..]));
        assert_eq!(block.rows(2..10), None);
        let body = sealed.body().unwrap().to_vec();
        for at in model.concat().len()..body.len() {
            for bit in 0..8 {
                let mut changed = body.clone();
                changed[at] ^= 1 << bit;
                if let Ok(block) = CodeBlock::open(component(ComponentKind::Codes, &changed)) {
                    assert!(
                        block
                            .rows(0..block.len())
                            .is_none_or(|rows| rows.len() <= body.len())
                    );
                }
            }
        }
    }

    #[test]
    fn chosen_codes_of_a_damaged_region_are_not_read() {
        let (dim, metric) = (20, Metric::Dot);
        let space = Space { dim, metric, seed: 3 };
        let width = Width::Four;
        let encoder = Encoder::train(Quantization::Rotated { width }, space, &[&[0.5; 20]]).unwrap();
        let row_bytes = encoder.code_bytes();
        // Three regions.
        let count = 3 * REGION_BYTES / row_bytes;
        let io = Arc::new(MemIo::new());
        let mut writer = CodesWriter::create(io.clone(), "c", 1, row_bytes as u32).unwrap();
        for row in 0..count {
            writer.push(&vec![row as u8; row_bytes]).unwrap();
        }
        writer.finish(Codes::Rotated(CodeWidth::Four), &encoder).unwrap();
        let mut file = io.read("c", u64::MAX).unwrap();
        file[HEADER_BYTES + REGION_BYTES + REGION_BYTES / 2] ^= 1;
        let file = Region::from_vec(file);
        let component = Component::from_region("c", file, ComponentKind::Codes).unwrap();
        let block = CodeBlock::open(component).unwrap();
        let (in_first, in_second, in_third) = (7, (count / 2) as u32, count as u32 - 7);
        let codes = block.sound(&[in_third, in_first]).unwrap();
        for row in [in_first, in_third] {
            let code = row as usize * row_bytes;
            assert_eq!(codes[code..code + row_bytes], vec![row as u8; row_bytes]);
        }
        for chosen in [&[in_second][..], &[in_first, in_third, in_second]] {
            assert_eq!(block.sound(chosen), None);
        }
        assert_eq!(block.sound(&[count as u32]), None);
        assert!(block.sound(&[in_first]).is_some());
    }

    #[test]
    fn names_of_codes_come_back() {
        let widths = WIDTHS.map(|width| [Codes::Rotated(width), Codes::Binary(width)]);
        let others = [
            Codes::Scalar { quantile: None },
            Codes::Scalar { quantile: Some(0.97) },
            Codes::Product { compression: 16 },
            Codes::Neural { bits: 256 },
            Codes::Lsh { bits: 8_192 },
        ];
        for kind in widths.concat().into_iter().chain(others) {
            let mut bytes = Vec::new();
            put_codes(kind, &mut bytes);
            assert_eq!(codes(&mut Reader::new(&bytes)), Ok(kind));
        }
    }
}
