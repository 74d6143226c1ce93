#include "sandbox/frames.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace nightjar::sandbox {
namespace {

using ::testing::ElementsAre;

StartBody full_start() {
  return {.argv = {"cc", "-o", ""},
          .env = {"A=1"},
          .cwd = "src",
          .mounts = {"/opt/x"},
          .disk_bytes_max = ~std::uint64_t{0},
          .cpu_seconds_max = 7,
          .processes_max = ~std::uint32_t{0},
          .report = Command::Report::pipe};
}

TEST(Frames, ComeBackAsTheyWere) {
  const auto start = decode<StartBody>(encode(full_start()));
  const auto prepare = decode<PrepareBody>(
      encode(PrepareBody{.lower_count = 2, .inside_paths = {"/opt/a"}, .disk_bytes_max = 9}));
  const auto exited = decode<ExitedBody>(
      encode(ExitedBody{.wait_status = 137, .cpu_ns = 1, .memory_peak_bytes = 2}));
  const Error error = decode_error(encode(Error{ErrorCode::exhausted, "too much"}));

  ASSERT_TRUE(start && prepare && exited);
  EXPECT_THAT(start->argv, ElementsAre("cc", "-o", ""));
  EXPECT_THAT(start->mounts, ElementsAre("/opt/x"));
  EXPECT_EQ(start->disk_bytes_max, ~std::uint64_t{0});
  EXPECT_EQ(start->processes_max, ~std::uint32_t{0});
  EXPECT_EQ(start->report, Command::Report::pipe);
  EXPECT_THAT(prepare->inside_paths, ElementsAre("/opt/a"));
  EXPECT_EQ(exited->wait_status, 137);
  EXPECT_EQ(error.code, ErrorCode::exhausted);
  EXPECT_EQ(error.message, "too much");
}

// A sandbox's end of a socket is not trusted.
TEST(Frames, AreCorruptWhenCutOrLongerThanTheyShouldBe) {
  const std::string whole = encode(full_start());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto body = decode<StartBody>(whole.substr(0, size));
    ASSERT_FALSE(body) << size;
    EXPECT_EQ(body.error().code, ErrorCode::corrupt);
  }
  EXPECT_FALSE(decode<StartBody>(whole + "x"));
  EXPECT_EQ(decode_error("x").code, ErrorCode::corrupt);
}

TEST(Frames, AreCorruptWhenTheReportIsOfNoKnownKind) {
  std::string bytes = encode(full_start());
  bytes[bytes.size() - 8] = 3;

  EXPECT_FALSE(decode<StartBody>(bytes));
}

TEST(Frames, AreCorruptWhenALengthIsAbsurd) {
  EXPECT_FALSE(decode<HelloBody>(std::string(8, '\xff')));
  EXPECT_FALSE(decode<StartBody>(std::string(64, '\xff')));
  EXPECT_FALSE(decode<ExitedBody>(std::string(24, '\xff')));
}

TEST(Frames, CarryDescriptorsThatCloseOnExec) {
  auto ends = socket_pair();
  ASSERT_TRUE(ends);
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));

  ASSERT_TRUE(send_frame(ends->first.get(), FrameType::ready, "body", {file.get(), file.get()}));
  const auto frame = receive_frame(ends->second.get());

  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(frame->type, FrameType::ready);
  EXPECT_EQ(frame->body, "body");
  ASSERT_EQ(frame->descriptors.size(), 2U);
  EXPECT_EQ(::fcntl(frame->descriptors[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST(Frames, EndWithTheirSocket) {
  auto ends = socket_pair();
  ASSERT_TRUE(ends);
  ends->first = UniqueFd();

  EXPECT_EQ(receive_frame(ends->second.get()).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(send_frame(ends->second.get(), FrameType::kill, "", {}));
}

TEST(Frames, AreRefusedAboveTheirSize) {
  auto ends = socket_pair();
  ASSERT_TRUE(ends);

  const auto sent =
      send_frame(ends->first.get(), FrameType::start, std::string(kFrameBytesMax, 'x'), {});

  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::exhausted);
}

TEST(Frames, OfAnotherVersionAreRefused) {
  auto ends = socket_pair();
  ASSERT_TRUE(ends);
  ASSERT_EQ(::send(ends->first.get(), "\x7f\x01", 2, 0), 2);

  EXPECT_EQ(receive_frame(ends->second.get()).error().code, ErrorCode::corrupt);
}

TEST(Frames, AnswerWithTheErrorOfTheOtherEnd) {
  auto ends = socket_pair();
  ASSERT_TRUE(ends);
  const Error error{ErrorCode::unavailable, "wall landlock: none"};
  ASSERT_TRUE(send_frame(ends->first.get(), FrameType::failed, encode(error), {}));

  const auto frame = expect_frame(ends->second.get(), FrameType::ready);

  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().message, error.message);
}

}  // namespace
}  // namespace nightjar::sandbox
