# SPDX-License-Identifier: Apache-2.0
"""The Qt desktop. Imports review and nothing below it."""
