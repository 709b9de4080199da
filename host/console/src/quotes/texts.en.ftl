quotes-title = Quotes
quotes-new = New quote
quotes-new-help = The price holds its budgets and coupons until it is confirmed, released or expires.
quotes-codes = Look up a coupon
quotes-path = Path
quotes-customer = Customer
quotes-none = No quotes yet
quotes-none-help = Price a basket, and see what every campaign does with it.
quotes-what = What
quotes-state = State
quotes-list-price = List price
quotes-off = Off
quotes-price = Price
quotes-made = Made
quotes-more-lines = { $more ->
    [one] and one more
   *[other] and { $more } more
}
quotes-nobody = Nobody in particular
quotes-move = move
quotes-open = open
quotes-older = Older
quotes-state-open = Open
quotes-state-confirmed = Confirmed
quotes-state-released = Released
quotes-state-expired = Expired
quotes-who-help = Name, pinyin, phone or member number
quotes-customer-help = Empty prices it for anybody.
quotes-channel = Channel
quotes-channel-store = Shop
quotes-channel-phone = Phone
quotes-channel-wechat = WeChat
quotes-channel-web = Website
quotes-channel-app = App
quotes-coupon-codes = Coupon codes
quotes-codes-help = With spaces between
quotes-line = Line { $line }
quotes-sku = Product number
quotes-kind = Kind
quotes-destination = Destination
quotes-theme = Theme
quotes-departs = Departs
quotes-unit-price = Price of one
quotes-unit-cost = Cost of one
quotes-quantity = Quantity
quotes-travellers = Travellers
quotes-more = Add a line
quotes-less = Take this line away
quotes-hold = Hold for
quotes-hold-minutes = { $minutes ->
    [30] 30 minutes
    [120] 2 hours
    [1440] 1 day
   *[other] 2 days
}
quotes-price-it = Price it
quotes-wrong-sku-missing = Give the product's number.
quotes-wrong-bad-amount = Write an amount like 4,980 or 1,234.50.
quotes-wrong-bad-day = Choose a day.
quotes-wrong-bad-number = Write a whole number above zero.
quotes-wrong-channel-missing = Say where the customer buys.
quotes-wrong-own-customer = Choose one of your customers.
quotes-wrong-bad-customer = Choose a customer from the list, or leave it empty.
quotes-quote = Quote
quotes-booking = Booking number
quotes-again = Change the basket
quotes-release = Release
quotes-confirm = Confirm
quotes-confirm-title = Confirm at { $price }
quotes-confirm-means = Spends { $off } of the campaigns' budgets and redeems the coupons it holds. Only a cancelled booking gives them back. The trip itself comes from your booking system or an import.
quotes-confirmed = Confirmed at { $price }
quotes-released = Released; what it held is free again
quotes-held-until = Holds until
quotes-minutes-left = { $minutes ->
    [one] one minute left
   *[other] { $minutes } minutes left
}
quotes-points = { $count ->
    [one] one point used
   *[other] { $count } points used
}
quotes-returned = { $amount } of the savings went back to their budgets, as the booking was called off or paid back.
quotes-for = { $travellers ->
    [one] one traveller
   *[other] { $travellers } travellers
}
quotes-floor-cut = cut from { $asked } by the floor
quotes-why = why
quotes-trace = How the price came about
quotes-no-campaigns = No campaign was in force.
quotes-left = Left
quotes-applies = Applies
quotes-no-codes = No codes in this basket.
quotes-order = The order
quotes-order-help = Groups take their turn from top to bottom, each on what the ones before it left. What is crossed out was beaten.
quotes-groups = All stacking groups
quotes-release-title = Release this quote
quotes-release-means = Its budgets and coupons are free again for others, and the price is no longer held. This cannot be undone; the same basket can be priced anew.
quotes-use-points = Points to use
quotes-use-points-help = at most so many; empty for none
quotes-wrong-points-of-whom = Points are a member's: choose the customer
