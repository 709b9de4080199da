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
insights-four-fifths = Bring four fifths
insights-best = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
}
insights-of-all = { $percent }% of them
insights-without = Without any
insights-best-share = Best customers
insights-brings = They bring
insights-top = Top { $percent }%
insights-curve = Customers from the best to the least, and what they bring together. The dashed line is all alike.
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
