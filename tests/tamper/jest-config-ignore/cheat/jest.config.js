module.exports = {
  testPathIgnorePatterns: ["price.test.js"],
};
