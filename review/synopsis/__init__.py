# SPDX-License-Identifier: Apache-2.0
"""Synopsis: a way to look at a long recording in a short film, never evidence."""
