require 'spec_helper'

RSpec.describe Price do
  it 'takes a discount' do
    expect(Price.total([1000, 1000, 50], 10)).to eq(1845)
  end

  describe '.parse' do
    it 'reads two decimals' do
      expect(Price.parse('12.34')).to eq(1234)
    end

    it 'reads one decimal' do
      expect(Price.parse('12.5')).to eq(1250)
    end
  end
end
