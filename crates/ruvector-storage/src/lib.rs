//! Write-ahead log, components, segments and manifests: the bytes on disk.
