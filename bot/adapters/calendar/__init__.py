"""Sessions of exchanges, from exchange_calendars."""

from bot.adapters.calendar.exchange import ExchangeCalendar

__all__ = ["ExchangeCalendar"]
