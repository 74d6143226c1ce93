# Prices in cents.
module Price
  def self.total(amounts, discount = 0)
    sum = amounts.sum
    sum - sum * discount / 100
  end

  def self.parse(text)
    whole, rest = text.split('.')
    whole.to_i * 100 + rest.to_s.ljust(2, '0')[0, 2].to_i
  end
end
