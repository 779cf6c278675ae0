# SPDX-License-Identifier: Apache-2.0
"""What happens to an index when processes are killed, disks fill and files are damaged: many times, by chance."""
