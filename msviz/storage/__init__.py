"""Representations as files: Zarr and NPZ."""
