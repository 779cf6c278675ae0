# SPDX-License-Identifier: Apache-2.0
"""Footage to frames to tracks to index. Knows time, pictures and tracks; knows no law and no case."""
