//! Distance kernels with run-time CPU dispatch, each beside a scalar twin.
