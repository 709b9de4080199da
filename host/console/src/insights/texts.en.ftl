insights-pareto = Who brings the money
insights-loyal = Loyal customers
insights-day = Facts of { $day }
insights-window-12m = 12 months
insights-window-24m = 24 months
insights-window-total = All time
insights-by-spend = Spend
insights-by-margin = Margin
insights-nothing = Nothing was spent in this time
insights-nothing-help = Import bookings to see which customers bring most of the money.
insights-customers = Customers
insights-four-fifths = Bring 80 %
insights-best = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
}
insights-of-all = { $percent }% of them
insights-without = Without any
insights-best-share = Best customers
insights-brings = They bring
insights-top = Top { $percent }%
insights-curve = Customers from the highest spender to the lowest, and what they bring together. On the dashed line all would bring the same.
insights-at-least = { $count ->
    [one] At least { $count }
   *[other] At least { $count }
}
insights-loyal-of = { $loyal } of { $all } customers
insights-indicator = Indicator
insights-from = From
insights-met = Customers
insights-no-source = Nothing feeds it yet
insights-indicator-frequency = Trips
insights-indicator-spend = Spend
insights-indicator-satisfaction = Satisfaction
insights-indicator-word-of-mouth = Referrals
insights-indicator-feedback = Reviews
insights-nobody = Nobody meets as many
insights-nobody-help = Ask for one less.
insights-customer = Customer
insights-meets = Meets
insights-nameless = No name
insights-more = More

insights-rfm = RFM map
insights-stages = Segments over time
insights-csv = Export CSV
insights-today = Today
insights-segment = Segment
insights-change = Change
insights-rfm-none = Nobody travelled in the last 24 months
insights-rfm-none-help = Import bookings to see how lately and how often guests travel.
insights-rfm-help = Guests of a cell booked equally lately and travelled equally often: how many they are, and what they spent in 24 months. Open a cell to see who.
insights-rfm-of = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
} travelled in the last 24 months, { $others } did not
insights-rfm-recency = Days since booking
insights-rfm-frequency = Trips in 24 months
insights-stages-help = Members of each segment at the end of each month, and today
insights-stages-none = No segmentation rule is in force yet
insights-stages-none-help = From the first rule on, every night records who is in which segment; this page shows it month by month.
insights-stages-young = This rule came into force this month; from the end of the month on, this page shows how its segments change.
