import unittest

import freeslots


def bookings(*spans):
    return freeslots.parse_bookings([f"aspen {span} meeting" for span in spans])["aspen"]


class TimeOfDay(unittest.TestCase):
    def test_midnight_at_the_end_of_the_day_is_allowed(self):
        self.assertEqual(freeslots.minutes("24:00"), 1440)

    def test_a_minute_past_the_end_of_the_day_is_refused(self):
        with self.assertRaises(freeslots.Mistake):
            freeslots.minutes("24:01")

    def test_lengths_are_written_as_people_do(self):
        self.assertEqual([freeslots.length(m) for m in (45, 120, 95)], ["45m", "2h", "1h35m"])


class FreeTime(unittest.TestCase):
    def test_the_gap_between_two_bookings_is_free(self):
        gaps = freeslots.find_free(bookings("08:00-10:00", "11:00-18:00"), 480, 1080, 30)
        self.assertEqual(gaps, [(600, 660)])

    def test_a_booking_before_opening_takes_nothing(self):
        gaps = freeslots.find_free(bookings("06:00-07:00"), 480, 1080, 30)
        self.assertEqual(gaps, [(480, 1080)])


class Clashes(unittest.TestCase):
    def test_bookings_that_touch_do_not_clash(self):
        self.assertEqual(freeslots.find_clashes(bookings("09:00-10:00", "10:00-11:00")), [])


if __name__ == "__main__":
    unittest.main()
