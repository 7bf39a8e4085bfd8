//! What a search makes of the codes of its field: as it asks, and as the field and its segments have them. Never reads a
//! code.

use ruvector_quant::QueryPrecision as Precision;
use ruvector_storage::CodeBlock;
use ruvector_types::{Invalid, Problem, QuantizationConfig, QuantizationSearch, QueryPrecision};

/// How a search uses the codes of its field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeUse {
    pub(super) precision: Precision,
    /// Whether the best are measured exactly.
    pub(super) rescore: bool,
    /// How many of those, for each result wanted; `None`: what suits the codes that a segment has.
    oversampling: Option<f32>,
}

impl CodeUse {
    /// What a request makes of the codes that a field has: `None` if it leaves them alone.
    pub(crate) fn of(
        request: &QuantizationSearch,
        config: Option<QuantizationConfig>,
    ) -> Result<Option<CodeUse>, Invalid> {
        if let Some(oversampling) = request
            .oversampling
            .filter(|factor| !(1.0..=1_000.0).contains(factor))
        {
            let rule = "must be at least 1 and at most 1,000";
            let problem = match oversampling.is_finite() {
                true => Problem::Contradiction { rule },
                false => Problem::NotFinite { index: 0 },
            };
            return Err(Invalid::new("params.quantization.oversampling", problem));
        }
        let Some(config) = config.filter(|_| !request.ignore) else {
            return Ok(None);
        };
        Ok(Some(CodeUse {
            precision: match config.precision {
                QueryPrecision::Same => Precision::Same,
                QueryPrecision::Four => Precision::Four,
                QueryPrecision::Eight => Precision::Eight,
                QueryPrecision::Full => Precision::Full,
            },
            rescore: request.rescore.unwrap_or(true),
            oversampling: request.oversampling,
        }))
    }

    /// Candidates to find for so many results.
    pub(super) fn candidates(&self, wanted: usize, codes: &CodeBlock) -> usize {
        let factor = match (self.oversampling, self.rescore) {
            (Some(factor), _) => factor,
            (None, true) => codes.codes().oversampling_default(),
            (None, false) => 1.0,
        };
        (wanted as f64 * f64::from(factor)).ceil() as usize
    }
}
