# SPDX-License-Identifier: Apache-2.0
"""Typst templates of the reports and text files of the bundle; data reach a template as JSON, never by templating."""
