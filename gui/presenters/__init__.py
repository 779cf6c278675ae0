# SPDX-License-Identifier: Apache-2.0
"""What the window decides, in plain Python without Qt: views show and emit, presenters decide, review acts."""
