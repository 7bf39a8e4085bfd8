//! The write path: validate, sequence (resolve, log, apply), commit. One file a stage; each is called once, here.

mod apply;
mod resolve;
mod sequence;
mod validate;

pub(crate) use apply::apply;
pub(crate) use validate::{check_vector, wrong_kind};

use ruvector_types::WriteOp;

use crate::collection::Core;
use crate::{Ctx, Error, Wait, WriteOutcome};

impl Core {
    /// Carries out one write, whole or not at all. The deadline counts until the log accepts it.
    pub(crate) fn write(&self, ctx: &Ctx, operation: WriteOp, wait: Wait) -> Result<WriteOutcome, Error> {
        let prepared = validate::prepare(operation, self)?;
        ctx.check(self.io.as_ref())?;
        self.ease_backlog(ctx, prepared.rows())?;
        let sequenced = self.sequence(ctx, prepared)?;
        match wait {
            Wait::Durable => self.commit(&sequenced.targets)?,
            Wait::Accepted => self.signal.commit_soon(self),
        }
        self.signal.upkeep_soon(self);
        let operation_id = sequenced.targets.iter().map(|(_, seq)| *seq).max().unwrap_or(0);
        Ok(WriteOutcome {
            operation_id,
            points_touched: sequenced.points_touched,
        })
    }
}
