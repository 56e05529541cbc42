package meter

import (
	"math/bits"
	"time"
)

// The load curve is integer arithmetic throughout, so that values repeat from the seed on every architecture. Time
// counts in ticks since 1970 (UTC; there is no daylight saving), energy in units that wattHours converts to Wh.
const (
	ticksPerSecond = 256
	ticksPerHour   = 3600 * ticksPerSecond
	ticksPerDay    = 24 * ticksPerHour
)

// The types of day, by their load.
const (
	workday = iota
	saturday
	sunday
	dayTypes
)

// hours is the load of an average household in every hour of a workday, a Saturday and a Sunday, in arbitrary
// units. The figures are this project's own; their shape follows the published household standard load
// profile H0 of VDEW (1999), now kept by BDEW: low at night, a morning and a higher evening peak, weekends
// with a later morning and more load around noon.
var hours = [dayTypes][24]uint64{
	workday:  {4, 3, 2, 2, 2, 4, 8, 11, 10, 8, 7, 7, 8, 7, 6, 6, 8, 10, 13, 15, 14, 12, 9, 6},
	saturday: {5, 4, 3, 2, 2, 3, 5, 8, 11, 12, 11, 11, 12, 10, 9, 8, 9, 10, 13, 14, 13, 11, 9, 7},
	sunday:   {6, 5, 3, 2, 2, 2, 3, 6, 10, 13, 13, 13, 15, 11, 8, 7, 8, 10, 12, 14, 13, 11, 8, 6},
}

// season returns the load on a day of the year (1 to 366) in 1/10000 of the year's mean. It is the
// dynamisation that VDEW publishes for H0,
//
//	F(t) = -3.92e-10 t^4 + 3.20e-7 t^3 - 7.02e-5 t^2 + 2.10e-3 t + 1.24,
//
// rounded to four decimals (VDEW M-32/99 and M-05/2000): 1.24 in January, below 0.8 in July.
func season(dayOfYear int64) uint64 {
	t := dayOfYear
	// In units of 1e-12, where every coefficient is whole; half rounds up.
	f := 1_240_000_000_000 + t*(2_100_000_000+t*(-70_200_000+t*(320_000+t*-392)))
	return uint64((f + 50_000_000) / 100_000_000)
}

// The years 1970 to 1973, one a leap year, repeat; after 28 years so do the days of the week. The calendar
// leaves this cycle only in 2100.
const (
	yearsDays = 4*365 + 1
	cycleDays = 7 * yearsDays
)

// A curve is the load of the average household, as energy up to a time.
type curve struct {
	start  [cycleDays + 1]uint64 // energy from the start of the cycle to the start of each day
	within [dayTypes][25]uint64  // load times ticks from midnight to the start of each hour
	noise  uint64                // the start of a day is moved by less than this energy
}

func newCurve() *curve {
	c := &curve{}
	for kind := range c.within {
		for h, load := range hours[kind] {
			c.within[kind][h+1] = c.within[kind][h] + load*ticksPerHour
		}
	}
	least := ^uint64(0)
	for day := range uint64(cycleDays) {
		energy := season(dayOfYear(day)) * c.unit(dayType(day))
		c.start[day+1] = c.start[day] + energy
		least = min(least, energy)
	}
	c.noise = least / 3
	return c
}

// unit returns the energy of a day of season 1. Coarser than within, it lets 2^40 seconds of energy fit into 64 bits.
func (c *curve) unit(kind int) uint64 { return c.within[kind][24] / ticksPerSecond }

// dayOfYear returns 1 to 366 for a day counted from 1970-01-01, in the cycle of four years.
func dayOfYear(day uint64) int64 {
	return int64(time.Unix(int64(day%yearsDays)*24*3600, 0).UTC().YearDay())
}

// dayType returns the type of a day counted from 1970-01-01, a Thursday.
func dayType(day uint64) int { return [7]int{2: saturday, 3: sunday}[day%7] }

// dayStart returns the energy up to the start of a day, moved forward by the household's noise of that day:
// two neighbouring days exchange energy, the total over many days stays.
func (c *curve) dayStart(day, household uint64) uint64 {
	moved, _ := bits.Mul64(hash(household, day), c.noise)
	return day/cycleDays*c.start[cycleDays] + c.start[day%cycleDays] + moved
}

// energy returns a household's energy from 1970 to a time, in units. It never falls with time. The days'
// energies follow the calendar and the household's noise; within a day it grows as hours says.
func (c *curve) energy(ticks, household uint64) uint64 {
	day, tick := ticks/ticksPerDay, ticks%ticksPerDay
	hour, tick := tick/ticksPerHour, tick%ticksPerHour
	kind := dayType(day)
	within := c.within[kind][hour] + tick*hours[kind][hour]
	start, end := c.dayStart(day, household), c.dayStart(day+1, household)
	high, low := bits.Mul64(end-start, within)
	share, _ := bits.Div64(high, low, c.within[kind][24])
	return start + share
}

// year returns the energy of an average year.
func (c *curve) year() uint64 { return c.start[cycleDays] / 28 }

// most returns a bound on the energy of any stretch of that many ticks, far below the 64-bit range for a month.
func (c *curve) most(ticks uint64) uint64 {
	var peak uint64 // greatest season
	for day := range int64(366) {
		peak = max(peak, season(day+1))
	}
	var steepest uint64 // greatest energy per tick, rounded up
	for kind, loads := range hours {
		day := peak*c.unit(kind) + c.noise
		for _, load := range loads {
			steepest = max(steepest, day*load/c.within[kind][24]+1)
		}
	}
	return steepest*ticks + 1
}

// hash returns an evenly spread number for a pair. It is the output function of SplitMix64 (Steele, Lea,
// Flood: Fast splittable pseudorandom number generators, OOPSLA 2014), applied to each part in turn.
func hash(a, b uint64) uint64 { return mix(mix(a) + b) }

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
