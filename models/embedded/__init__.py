# SPDX-License-Identifier: Apache-2.0
"""Nets that ship with Relecture, their registry and their cards."""
