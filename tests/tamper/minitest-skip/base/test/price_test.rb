require 'minitest/autorun'
require 'price'

class PriceTest < Minitest::Test
  def test_total
    assert_equal 1845, Price.total([1000, 1000, 50], 10)
  end

  def test_two_decimals
    assert_equal 1234, Price.parse('12.34')
  end

  def test_one_decimal
    assert_equal 1250, Price.parse('12.5')
  end
end
