# SPDX-License-Identifier: Apache-2.0
"""The player: one exact frame at a time, stepped or played by media time, and the hit's thumbnails in the pauses.

At most one frame is being decoded. Playing follows the frames' own times: a decoder that is too slow drops frames and
never slows the clock; stepping never drops any. One module, since stepping, playing and thumbnails share one decoder
and settle together who has it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final, Protocol

from gui.port import DeskPort
from gui.presenters.frames import ShownFrame, Span, Thumb, media_s_of, read_frame, span_of, spread, thumb_of
from gui.presenters.shuttle import faster, slower
from gui.runner import Job, Latest, Runner
from review.desk_values import Frames, Problem
from review.hits import Hit

__all__ = ["N_THUMBS", "PlayerPresenter", "PlayerState", "PlayerView"]

N_THUMBS: Final = 8
_CACHE_BYTES: Final = 192 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlayerState:
    """All that the player shows.

    Attributes:
        hit: The hit being played, or None.
        span: Its place in the recording, once open.
        frame: The frame on the screen.
        wanted_index: The frame asked for; equals ``frame.index`` when nothing is awaited.
        speed: Signed; 0 when paused, 1 is the recording's own pace.
        shows_box: Whether the box is drawn over the frame.
        thumbs: Thumbnails made so far, in time order.
        is_opening: True while the recording is being opened.
        problem: Why it cannot be played; the last good frame stays.
    """

    hit: Hit | None = None
    span: Span | None = None
    frame: ShownFrame | None = None
    wanted_index: int = -1
    speed: Fraction = Fraction(0)
    shows_box: bool = True
    thumbs: tuple[Thumb, ...] = ()
    is_opening: bool = False
    problem: Problem | None = None

    @property
    def is_playing(self) -> bool:
        """True when not paused."""
        return self.speed != 0


class PlayerView(Protocol):
    """What the presenter needs of the player panel."""

    def show_player(self, state: PlayerState) -> None:
        """Show a state."""
        ...

    def set_ticking(self, is_ticking: bool) -> None:
        """Call :meth:`PlayerPresenter.tick` about 30 times a second, or stop to."""
        ...


class PlayerPresenter:
    """Decides which frame is on the screen.

    Args:
        desk: The open case.
        view: The player panel.
        runner: Where slow work goes; frames use the lane ``frames``.
        now_s: Monotonic seconds; passed in so that tests hold the clock.
    """

    def __init__(self, *, desk: DeskPort, view: PlayerView, runner: Runner, now_s: Callable[[], float]) -> None:
        self._desk = desk
        self._view = view
        self._runner = runner
        self._now_s = now_s
        self._open = Latest(runner, "frames")
        self._fetch = Latest(runner, "frames")
        self._thumb = Latest(runner, "frames")
        self._source: Frames | None = None
        self._opened: list[Frames] = []
        self._cache: OrderedDict[int, ShownFrame] = OrderedDict()
        self._thumb_queue: tuple[int, ...] = ()
        self._anchor: tuple[float, Fraction] = (0.0, Fraction(0))
        self._end_index = 0
        self._plays_when_open = False
        self.state = PlayerState()

    @property
    def has_all_thumbs(self) -> bool:
        """True when no thumbnail is still to be made."""
        return not self._thumb_queue

    def open(self, hit: Hit | None, *, plays: bool = False) -> None:
        """Show a hit's best frame, or nothing; the frame before stays until the new one is there."""
        if hit is not None and self.state.hit is not None and hit.track_id == self.state.hit.track_id:
            self._set(hit=hit)
            if plays:
                self.play()
            return
        self._release()
        if hit is None:
            self._set_state(PlayerState(shows_box=self.state.shows_box))
            return
        self._plays_when_open = plays
        self._set_state(PlayerState(hit=hit, shows_box=self.state.shows_box, is_opening=True))
        track_id = hit.track_id

        def work(job: Job) -> tuple[Frames, Span, ShownFrame] | None:
            if job.is_cancelled:
                return None
            source = self._desk.frames(track_id)
            self._opened.append(source)
            span = span_of(source)
            return source, span, read_frame(source, span.best_index)

        def done(answer: tuple[Frames, Span, ShownFrame] | None) -> None:
            if answer is None:
                return
            self._source, span, frame = answer
            self._keep(frame)
            self._thumb_queue = spread(span.first_index, span.last_index, N_THUMBS)
            self._set(span=span, frame=frame, wanted_index=frame.index, is_opening=False, problem=None)
            if self._plays_when_open:
                self.seek(span.first_index)
                self.play()
            else:
                self._next_thumb()

        self._open.start(work, done=done, failed=lambda problem: self._set(is_opening=False, problem=problem))

    def close(self) -> None:
        """Let go of the recording at once; call when no worker runs any more."""
        self._release()
        self._close_opened()

    def refresh_hit(self, hit: Hit | None) -> None:
        """Take over a new verdict of the hit being played."""
        if hit is not None and self.state.hit is not None and hit.track_id == self.state.hit.track_id:
            self._set(hit=hit)

    def step(self, by: int) -> None:
        """Pause and go that many frames on or back."""
        if self.state.span is not None:
            self.pause()
            self.seek(self.state.wanted_index + by)

    def seek(self, index: int) -> None:
        """Show a frame; out of range means the nearest end of the recording."""
        span = self.state.span
        if span is None:
            return
        index = min(max(index, 0), span.n_frames - 1)
        self._set(wanted_index=index)
        if not self._fetch.is_busy:
            self._fetch_wanted()

    def scrub(self, index: int) -> None:
        """Pause and show a frame that was pointed at."""
        self.pause()
        self.seek(index)

    def to_first(self) -> None:
        """Go to the hit's first frame."""
        if self.state.span is not None:
            self.pause()
            self.seek(self.state.span.first_index)

    def to_last(self) -> None:
        """Go to the hit's last frame."""
        if self.state.span is not None:
            self.pause()
            self.seek(self.state.span.last_index)

    def to_best(self) -> None:
        """Go to the frame that shows the hit best."""
        if self.state.span is not None:
            self.pause()
            self.seek(self.state.span.best_index)

    def toggle_play(self) -> None:
        """Play at the recording's own pace, or pause."""
        if self.state.is_playing:
            self.pause()
        else:
            self.play()

    def play(self, speed: Fraction = Fraction(1)) -> None:
        """Play at a signed speed, to the hit's end when inside it, else to the recording's; from an end, start over."""
        span = self.state.span
        if span is None or speed == 0:
            return
        at = self.state.wanted_index
        if speed > 0:
            if at >= span.n_frames - 1 or at == span.last_index:
                at = span.first_index
                self.seek(at)
            self._end_index = span.last_index if at < span.last_index else span.n_frames - 1
        else:
            self._end_index = span.first_index if at > span.first_index else 0
        self._thumb.cancel()
        self._set(speed=speed)
        self._set_anchor()
        self._view.set_ticking(True)

    def pause(self) -> None:
        """Stay on the frame shown."""
        if self.state.is_playing:
            self._view.set_ticking(False)
            self._set(speed=Fraction(0))
            self._next_thumb()

    def faster(self) -> None:
        """Key L: forward, twice as fast at each press."""
        self._shift(faster(self.state.speed))

    def slower(self) -> None:
        """Key J: backward, twice as fast at each press."""
        self._shift(slower(self.state.speed))

    def set_speed(self, speed: Fraction) -> None:
        """Play at a chosen speed, keeping the direction."""
        self._shift(-speed if self.state.speed < 0 else speed)

    def toggle_box(self) -> None:
        """Draw the box over the frame, or not."""
        self._set(shows_box=not self.state.shows_box)

    def tick(self) -> None:
        """While playing: ask for the frame whose time has come. Called about 30 times a second."""
        span, frame, source = self.state.span, self.state.frame, self._source
        if span is None or frame is None or source is None or not self.state.is_playing or self._fetch.is_busy:
            return
        began_s, began_media_s = self._anchor
        target_s = began_media_s + Fraction(self._now_s() - began_s) * self.state.speed
        forward = self.state.speed > 0
        index = self._index_at(target_s, start=frame.index, forward=forward, end=self._end_index)
        if index != frame.index:
            self.seek(index)
        if index == self._end_index:
            self.pause()

    def seek_utc(self, moment_utc: datetime) -> bool:
        """Show the last frame at or before a corrected time; False without a clock or outside the recording."""
        span, source = self.state.span, self._source
        if span is None or source is None:
            return False
        first, last = source.utc(0), source.utc(span.n_frames - 1)
        if first is None or last is None or not first <= moment_utc <= last:
            return False
        low, high = 0, span.n_frames - 1
        while low < high:
            middle = (low + high + 1) // 2
            at = source.utc(middle)
            if at is not None and at <= moment_utc:
                low = middle
            else:
                high = middle - 1
        self.pause()
        self.seek(low)
        return True

    def _shift(self, speed: Fraction) -> None:
        if speed == 0:
            self.pause()
        elif self.state.span is not None:
            self.play(speed)

    def _set_anchor(self) -> None:
        source = self._source
        assert source is not None
        self._anchor = (self._now_s(), media_s_of(source, self.state.wanted_index))

    def _index_at(self, media_s: Fraction, *, start: int, forward: bool, end: int) -> int:
        """Frame on the screen at a media time, searched from one frame towards another."""
        source = self._source
        assert source is not None
        index = start
        if forward:
            while index < end and media_s_of(source, index + 1) <= media_s:
                index += 1
        else:
            while index > end and media_s_of(source, index) > media_s:
                index -= 1
        return index

    def _fetch_wanted(self) -> None:
        source, index = self._source, self.state.wanted_index
        if source is None:
            return
        kept = self._cache.get(index)
        if kept is not None:
            self._cache.move_to_end(index)
            self._set(frame=kept, problem=None)
            self._next_thumb()
            return
        self._thumb.cancel()

        def done(frame: ShownFrame) -> None:
            self._keep(frame)
            self._set(frame=frame, problem=None)
            if self.state.wanted_index != frame.index:
                self._fetch_wanted()
            else:
                self._next_thumb()

        def failed(problem: Problem) -> None:
            # Why: the place asked for stays, so that the next step goes over a damaged frame instead of back to it.
            if self.state.wanted_index != index:
                self._fetch_wanted()
                return
            self.pause()
            self._set(problem=problem)

        self._fetch.start(lambda job: read_frame(source, index), done=done, failed=failed)

    def _next_thumb(self) -> None:
        """Make the next thumbnail, if nobody waits for a frame."""
        source = self._source
        if source is None or not self._thumb_queue or self.state.is_playing:
            return
        if self._fetch.is_busy or self._thumb.is_busy:
            return
        index, kept = self._thumb_queue[0], self._cache.get(self._thumb_queue[0])

        def work(job: Job) -> Thumb | None:
            if job.is_cancelled:
                return None
            image = kept.image_bgr_u8 if kept is not None else source.image_bgr_u8(index)
            return Thumb(index=index, image_bgr_u8=thumb_of(image, source.box(index)))

        def done(thumb: Thumb | None) -> None:
            self._thumb_queue = self._thumb_queue[1:]
            if thumb is not None:
                self._set(thumbs=(*self.state.thumbs, thumb))
            self._next_thumb()

        def failed(problem: Problem) -> None:
            self._thumb_queue = self._thumb_queue[1:]
            self._next_thumb()

        self._thumb.start(work, done=done, failed=failed)

    def _keep(self, frame: ShownFrame) -> None:
        self._cache[frame.index] = frame
        room = max(2, _CACHE_BYTES // max(1, frame.image_bgr_u8.nbytes))
        while len(self._cache) > room:
            self._cache.popitem(last=False)

    def _release(self) -> None:
        self._view.set_ticking(False)
        for request in (self._open, self._fetch, self._thumb):
            request.cancel()
        self._cache.clear()
        self._thumb_queue = ()
        self._source = None
        self._runner.start("frames", lambda job: self._close_opened(), done=lambda _: None, failed=lambda _: None)

    def _close_opened(self) -> None:
        """Close what was opened, also by an answer that was dropped: runs after it, in the same lane."""
        while self._opened:
            self._opened.pop().close()

    def _set(self, **changes: object) -> None:
        self._set_state(replace(self.state, **changes))  # type: ignore[arg-type]  # Reason: replace() checks the names.

    def _set_state(self, state: PlayerState) -> None:
        self.state = state
        self._view.show_player(state)
